#!/usr/bin/env node
// Installs what this machine lacks, with apt-get (as root or with password-less sudo) or Homebrew:
//   install.mjs THING…    rabbitmq (3.10 or later), postgres (14 or later), redis, pgbouncer,
//   prometheus, shellcheck, chromium, pngquant
// None of them is started, now or as a service of the system.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Problem, runMain } from './problem.mjs';
import { findChromium, findPostgres, findRabbitmq, isAtLeast, isInPath } from './programs.mjs';

/** @type {Record<string, { isThere: () => boolean, debian: string, homebrew: string }>} */
const THINGS = {
  rabbitmq: {
    isThere: () => isAtLeast(findRabbitmq(), '3.10'),
    debian: 'rabbitmq-server',
    homebrew: 'rabbitmq',
  },
  postgres: {
    isThere: () => isAtLeast(findPostgres(), '14'),
    debian: 'postgresql',
    homebrew: 'postgresql@17',
  },
  redis: {
    isThere: () => isInPath('redis-server'),
    debian: 'redis-server',
    homebrew: 'redis',
  },
  pgbouncer: {
    isThere: () => isInPath('pgbouncer'),
    debian: 'pgbouncer',
    homebrew: 'pgbouncer',
  },
  prometheus: {
    isThere: () => isInPath('promtool'),
    debian: 'prometheus',
    homebrew: 'prometheus',
  },
  shellcheck: {
    isThere: () => isInPath('shellcheck'),
    debian: 'shellcheck',
    homebrew: 'shellcheck',
  },
  chromium: {
    isThere: () => findChromium() !== undefined,
    debian: 'chromium',
    homebrew: 'chromium',
  },
  pngquant: {
    isThere: () => isInPath('pngquant'),
    debian: 'pngquant',
    homebrew: 'pngquant',
  },
};

/** While packages install, these keep them from starting services and making a database. */
const POLICY = '/usr/sbin/policy-rc.d';
const CLUSTERS = '/etc/postgresql-common/createcluster.d';
const UNITS = [
  'rabbitmq-server',
  'epmd.socket',
  'epmd',
  'postgresql',
  'pgbouncer',
  'redis-server',
  'prometheus',
];

void runMain(() => {
  const wanted = process.argv.slice(2);
  const missing = wanted.flatMap((name) => {
    const thing = THINGS[name];
    if (!thing) throw new Problem(`there is no "${name}" to install`);
    return thing.isThere() ? [] : [{ name, ...thing }];
  });
  if (missing.length === 0) return 0;
  const names = missing.map(({ name }) => name).join(' and ');
  if (isInPath('brew')) {
    say(`installing ${names} with Homebrew`);
    run('brew', ['install', ...missing.map(({ homebrew }) => homebrew)]);
  } else if (!isInPath('apt-get')) {
    throw new Problem(`install ${names} first: neither apt-get nor Homebrew is here to do it with`);
  } else if (process.getuid?.() !== 0) {
    return asRoot(names, wanted);
  } else {
    say(`installing ${names} with apt-get`);
    installWithApt(missing.map(({ debian }) => debian));
  }
  for (const { name, isThere } of missing) {
    if (!isThere())
      throw new Problem(`the ${name} that was installed is too old: install a newer one`);
  }
  return 0;
});

/**
 * @param {string} names
 * @param {string[]} wanted
 */
function asRoot(names, wanted) {
  const script = fileURLToPath(import.meta.url);
  if (spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0) {
    const command = `${script} ${wanted.join(' ')}`;
    throw new Problem(`${names} must be installed, and this user may not: as root, run ${command}`);
  }
  const args = ['-n', process.execPath, script, ...wanted];
  return spawnSync('sudo', args, { stdio: 'inherit' }).status ?? 1;
}

/** @param {string[]} packages */
function installWithApt(packages) {
  const isOurs = !existsSync(POLICY);
  const clusters = `${CLUSTERS}/csv2db.conf`;
  try {
    if (isOurs) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    mkdirSync(CLUSTERS, { recursive: true });
    writeFileSync(clusters, 'create_main_cluster = false\n');
    const install = ['install', '--no-install-recommends', ...packages];
    try {
      apt(install);
    } catch {
      // package lists may be missing or too old to download by
      apt(['update']);
      apt(install);
    }
  } finally {
    rmSync(clusters, { force: true });
    if (isOurs) rmSync(POLICY, { force: true });
  }
  spawnSync('systemctl', ['disable', ...UNITS], { stdio: 'ignore' });
}

/** @param {string[]} args */
function apt(args) {
  run('apt-get', ['-y', '-q', '-o', 'DPkg::Lock::Timeout=300', ...args]);
}

/**
 * Runs a command, and shows what it printed only where it fails.
 *
 * @param {string} command
 * @param {string[]} args
 */
function run(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: Infinity,
  });
  if (status === 0) return;
  const said = `${stdout}${stderr}`.trimEnd().split('\n').slice(-20).join('\n');
  throw new Problem(`"${command} ${args.join(' ')}" failed:\n${said}`);
}

/** @param {string} message */
function say(message) {
  process.stderr.write(`${message}\n`);
}
