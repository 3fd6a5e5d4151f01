// Who runs the servers, and what is private to them.
import { execFileSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { Problem } from './problem.mjs';

/**
 * @typedef {{ uid?: number, gid?: number }} Account who runs a server: the caller, when it is empty
 */

/**
 * The user who runs a server: the caller. Root hands it to the package's user, or to the owner of
 * the data that is there already.
 *
 * @param {string} packageUser
 * @param {string} [folder]
 * @returns {Account}
 */
export function account(packageUser, folder) {
  const owner = folder !== undefined && existsSync(folder) ? statSync(folder) : undefined;
  if (process.getuid?.() !== 0) {
    if (owner && folder !== undefined) checkWritable(folder);
    return {};
  }
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  try {
    return { uid: idOf('-u', packageUser), gid: idOf('-g', packageUser) };
  } catch {
    throw new Problem(
      `root can't run this server as the user "${packageUser}": call this as an ordinary user`,
    );
  }
}

/**
 * Makes a folder that is private to an account.
 *
 * @param {string} folder
 * @param {Account} account
 */
export function ownFolder(folder, { uid, gid }) {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o700);
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
}

/**
 * Writes a file that is private to an account.
 *
 * @param {string} file
 * @param {Account} account
 * @param {string} text
 */
export function ownFile(file, { uid, gid }, text) {
  rmSync(file, { force: true });
  writeFileSync(file, text, { mode: 0o600 });
  if (uid !== undefined && gid !== undefined) chownSync(file, uid, gid);
}

/**
 * @param {'-u' | '-g'} flag
 * @param {string} user
 */
function idOf(flag, user) {
  return Number(execFileSync('id', [flag, user], { stdio: ['ignore', 'pipe', 'ignore'] }));
}

/** @param {string} folder */
function checkWritable(folder) {
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    throw new Problem(`${folder} belongs to another user: call this as that user, or as root`);
  }
}
