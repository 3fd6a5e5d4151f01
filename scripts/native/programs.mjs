// Where the programs of the servers are, and of which versions.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {{ version: string, bin: string }} Programs a version of a server, and the folder of its
 *   programs
 */

const HOMEBREW = ['/opt/homebrew', '/usr/local', '/home/linuxbrew/.linuxbrew'];

/**
 * The newest RabbitMQ. The folder holds its own scripts; those in the PATH of a Debian system
 * refuse to run as anyone but root.
 *
 * @returns {Programs | undefined}
 */
export function findRabbitmq() {
  const homes = [
    ...children('/usr/lib/rabbitmq/lib', /^rabbitmq_server-/),
    ...['', ...HOMEBREW].map((prefix) => `${prefix}/opt/rabbitmq`),
  ];
  const found = homes.flatMap((home) =>
    children(join(home, 'plugins'), /^rabbit-\d/).map((plugin) => ({
      version: /rabbit-([\d.]*\d)/.exec(plugin)?.[1] ?? '',
      bin: join(home, 'sbin'),
    })),
  );
  return newest(found);
}

/**
 * The newest PostgreSQL, or the newest of a major version.
 *
 * @param {string} [major]
 * @returns {Programs | undefined}
 */
export function findPostgres(major) {
  const homes = [
    ...children('/usr/lib/postgresql', /^\d/),
    ...children('/usr', /^pgsql-\d/),
    ...HOMEBREW.flatMap((prefix) => children(join(prefix, 'opt'), /^postgresql/)),
  ];
  const bins = [...homes.map((home) => join(home, 'bin')), ...path()];
  const found = bins
    .filter((bin) => ['initdb', 'postgres', 'psql'].every((name) => isProgram(join(bin, name))))
    .map((bin) => {
      const { stdout } = spawnSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' });
      return { version: /\d[\d.]*/.exec(stdout)?.[0] ?? '', bin };
    });
  return newest(found.filter(({ version }) => !major || version.split('.')[0] === major));
}

/** Erlang's name server, which RabbitMQ needs. */
export function findEpmd() {
  const roots = ['/usr/lib/erlang', '/opt/erlang', ...HOMEBREW.map((home) => `${home}/opt/erlang`)];
  const bins = roots.flatMap((root) =>
    [root, `${root}/lib/erlang`].flatMap((home) => [
      join(home, 'bin'),
      ...children(home, /^erts-/).map((erts) => join(erts, 'bin')),
    ]),
  );
  return [...path(), ...bins].map((bin) => join(bin, 'epmd')).find(isProgram);
}

/** Chromium, or Chrome, which is the same for tests. */
export function findChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const bins = path().flatMap((bin) => names.map((name) => join(bin, name)));
  const apps = ['Chromium', 'Google Chrome'].map(
    (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
  );
  return [...bins, ...apps].find(isProgram);
}

/** @param {string} name a program that is looked for in the PATH */
export function isInPath(name) {
  return path().some((bin) => isProgram(join(bin, name)));
}

/**
 * @param {Programs | undefined} programs
 * @param {string} version the oldest that will do
 */
export function isAtLeast(programs, version) {
  return programs !== undefined && compare(programs.version, version) >= 0;
}

/** @param {Programs[]} found */
function newest(found) {
  return found.sort((a, b) => compare(a.version, b.version)).at(-1);
}

/**
 * @param {string} a
 * @param {string} b
 */
function compare(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}

function path() {
  // Debian has some where only root looks
  return [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'].filter(Boolean);
}

/**
 * @param {string} folder
 * @param {RegExp} name
 */
function children(folder, name) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((child) => name.test(child))
    .map((child) => join(folder, child));
}

/** @param {string} file */
function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
