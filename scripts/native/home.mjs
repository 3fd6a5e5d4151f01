// The folder of the servers: their settings, their data, and who may touch it.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { isTaken } from './processes.mjs';
import { Problem } from './problem.mjs';

/**
 * @typedef {{ uid?: number, gid?: number }} Account who runs a server: the caller, when it is empty
 */

/** @typedef {{ dir: string, data: string, settings: Settings }} Home */

/**
 * Opens the folder of the servers.
 *
 * @param {string} folder
 * @param {boolean} isNew whether it is made where it is missing.
 * @returns {Home | undefined} nothing where no servers were started.
 */
export function openHome(folder, isNew) {
  const dir = resolve(folder);
  const data = join(dir, 'data');
  if (!existsSync(data)) {
    if (!isNew) return undefined;
    makeData(dir, data);
  }
  return { dir, data: realpathSync(data), settings: new Settings(join(dir, 'servers.env')) };
}

/** The KEY=value pairs of a file. Each change is written. */
export class Settings {
  /** @type {Map<string, string>} */
  #values;
  #file;
  /** @type {Set<number>} */
  #chosen = new Set();

  /** @param {string} file */
  constructor(file) {
    this.#file = file;
    this.#values = readSettings(file);
  }

  /** @param {string} key */
  get(key) {
    return this.#values.get(key) ?? '';
  }

  /**
   * @param {string} key
   * @param {string} value
   */
  set(key, value) {
    this.#values.set(key, value);
    const lines = [...this.#values].map(([name, text]) => `${name}=${text}\n`);
    writeFileSync(this.#file, lines.join(''));
  }

  /**
   * Chooses a free port and remembers it. The wish in the environment comes first, then the port that
   * was remembered, then `ordinary`; where something else holds that one, the next free one.
   *
   * @param {string} key
   * @param {number} ordinary
   */
  async choosePort(key, ordinary) {
    const text = process.env[key] || this.get(key) || String(ordinary);
    const wish = Number(text);
    if (!/^[1-9]\d*$/.test(text) || wish > 65_535) {
      throw new Problem(`${key} is "${text}": it must be a port from 1 to 65535`);
    }
    let port = wish;
    while (this.#chosen.has(port) || (await isTaken(port))) {
      if (++port > 65_535) {
        throw new Problem(`no port from ${wish} up is free for ${key}: set ${key} to a free one`);
      }
    }
    if (port !== wish) process.stderr.write(`port ${wish} is taken: ${key} is ${port}\n`);
    this.#chosen.add(port);
    this.set(key, String(port));
  }
}

/**
 * @param {string} file
 * @returns {Map<string, string>}
 */
export function readSettings(file) {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return new Map(
    text.split('\n').flatMap((line) => {
      const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
      return key !== undefined && value !== undefined ? [[key, value]] : [];
    }),
  );
}

/**
 * The user who runs a server: the caller. Root hands it to the package's user, or to the owner of the
 * data that is there already.
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
 * Keeps the log of the last start as well.
 *
 * @param {string} file
 */
export function turnLog(file) {
  if (existsSync(file)) renameSync(file, `${file}.1`);
}

/**
 * @param {string} name
 * @param {string} log
 */
export function startFailed(name, log) {
  const text = readFileSync(log, 'utf8');
  if (text.includes('feature_flags_registry')) {
    return new Problem(
      `the data of ${name} is of another version: go back to the version that wrote it, or delete it ` +
        'with "make prune"; to keep it, start each version between on it once, with ' +
        '"rabbitmqctl enable_feature_flag all"',
    );
  }
  const end = text.trimEnd().split('\n').slice(-20).join('\n');
  process.stderr.write(`${end}\n`);
  return new Problem(`${name} did not start; above is the end of ${log}`);
}

/**
 * Makes the folder for the data: in `dir`, unless the servers' users can't enter that one.
 *
 * @param {string} dir
 * @param {string} data
 */
function makeData(dir, data) {
  mkdirSync(dir, { recursive: true });
  const isOpen = ['rabbitmq', 'postgres'].every(
    (user) => spawnSync('test', ['-x', dir], { cwd: '/', ...account(user) }).status === 0,
  );
  rmSync(data, { force: true });
  if (isOpen) {
    mkdirSync(data);
  } else {
    symlinkSync(mkdtempSync('/var/lib/csv2db.'), data);
    process.stderr.write(
      `${dir} is private to root, and the servers don't run as root: ` +
        `their data is in ${realpathSync(data)}\n`,
    );
  }
  chmodSync(data, 0o755);
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
