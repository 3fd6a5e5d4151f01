// The folder of the servers: their settings, their data and their logs.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { account } from './accounts.mjs';
import { Problem } from './problem.mjs';
import { Settings } from './settings.mjs';

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

/**
 * Keeps the log of the last start as well.
 *
 * @param {string} file
 */
export function turnLog(file) {
  if (existsSync(file)) renameSync(file, `${file}.1`);
}

/**
 * Why a server did not start, from its log; the end of the log is printed where it says nothing
 * better.
 *
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
