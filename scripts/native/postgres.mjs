// PostgreSQL: a cluster of its own, reached over TCP alone (the path of a Unix socket might be too
// long).
import { spawnSync } from 'node:child_process';
import { existsSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { account, ownFile, ownFolder } from './accounts.mjs';
import { startFailed, turnLog } from './home.mjs';
import { Problem } from './problem.mjs';
import { end, holds, pidIn } from './processes.mjs';
import { findPostgres, isAtLeast } from './programs.mjs';
import { readSettings } from './settings.mjs';

/** @typedef {import('./home.mjs').Home} Home */

export class Postgres {
  name = 'postgres';
  #settings;
  #folder;
  #cluster;
  #log;
  #account;
  #env;

  /** @param {Home} home */
  constructor({ dir, data, settings }) {
    this.#settings = settings;
    this.#folder = join(data, 'postgres');
    this.#cluster = join(this.#folder, 'cluster');
    this.#log = join(dir, 'postgres.log');
    this.#account = account('postgres', this.#folder);
    this.#env = readSettings(fileURLToPath(new URL('../../env/pg.env', import.meta.url)));
  }

  async choosePorts() {
    await this.#settings.choosePort('DB_PORT', 5432);
  }

  launch() {
    ownFolder(this.#folder, this.#account);
    turnLog(this.#log);
    if (!existsSync(this.#cluster)) this.#create();
    const pidFile = join(this.#cluster, 'postmaster.pid');
    // left by a crash, and the pid is another program's now: PostgreSQL would take that for a
    // server
    if (pidIn(pidFile, '') !== undefined) rmSync(pidFile);
    const port = this.#settings.get('DB_PORT');
    const options = `-p ${port} -c max_connections=200 -c listen_addresses=127.0.0.1 -c unix_socket_directories=''`;
    this.#run('pg_ctl', ['-D', this.#cluster, '-W', '-s', 'start', '-o', options]);
  }

  async ready() {
    const began = performance.now();
    const isUp = await holds(() => {
      // its pid file comes a moment after its launch
      if (performance.now() > began + 2000 && !this.isRunning()) {
        throw startFailed('PostgreSQL', this.#log);
      }
      return this.psql(['-d', 'postgres', '-c', 'select 1'], 'ignore') === 0;
    }, 120);
    if (!isUp) throw startFailed('PostgreSQL', this.#log);
  }

  isRunning() {
    return this.#pid() !== undefined;
  }

  /** @param {NodeJS.Signals} [signal] by default the "fast" stop, which rolls back */
  async stop(signal = 'SIGINT') {
    const pid = this.#pid();
    if (pid !== undefined) await end(pid, signal);
  }

  /**
   * Runs psql.
   *
   * @param {string[]} args
   * @param {'inherit' | 'ignore'} stdio
   */
  psql(args, stdio = 'inherit') {
    const env = {
      ...process.env,
      PGHOST: '127.0.0.1',
      PGPORT: this.#settings.get('DB_PORT'),
      PGUSER: this.#env.get('POSTGRES_USER'),
      PGPASSWORD: this.#env.get('POSTGRES_PASSWORD'),
      PGDATABASE: this.#env.get('POSTGRES_DB'),
      PGCONNECT_TIMEOUT: '10',
    };
    return spawnSync(this.#program('psql'), ['-X', ...args], { env, stdio }).status ?? 1;
  }

  #pid() {
    return pidIn(join(this.#cluster, 'postmaster.pid'), this.#cluster);
  }

  /** @param {string} name of the version that made the cluster, or of the newest */
  #program(name) {
    const version = join(this.#cluster, 'PG_VERSION');
    const major = existsSync(version) ? readFileSync(version, 'utf8').trim() : undefined;
    const found = findPostgres(major);
    if (!found && major !== undefined) {
      throw new Problem(
        `the data in ${this.#cluster} is of PostgreSQL ${major}, which is not installed: ` +
          'install it, or delete the data with "make prune"',
      );
    }
    if (!found || !isAtLeast(found, '14')) {
      throw new Problem(
        'PostgreSQL 14 or later is not installed: run scripts/native/install.mjs postgres',
      );
    }
    return join(found.bin, name);
  }

  #create() {
    const cluster = `${this.#cluster}.new`;
    const password = join(this.#folder, 'password');
    rmSync(cluster, { recursive: true, force: true });
    ownFile(password, this.#account, `${this.#env.get('POSTGRES_PASSWORD')}\n`);
    const user = this.#env.get('POSTGRES_USER') ?? '';
    this.#run('initdb', [
      ...['-D', cluster, '-U', user, `--pwfile=${password}`],
      ...['-A', 'scram-sha-256', '-E', 'UTF8', '--no-locale'],
    ]);
    rmSync(password);
    const statement = `create database "${this.#env.get('POSTGRES_DB')}"\n`;
    this.#run('postgres', ['--single', '-D', cluster, 'postgres'], statement);
    renameSync(cluster, this.#cluster);
  }

  /**
   * Runs a program as the server's user, with what it prints in the log.
   *
   * @param {string} program
   * @param {string[]} args
   */
  #run(program, args, input = '') {
    const log = openSync(this.#log, 'a');
    const { status } = spawnSync(this.#program(program), args, {
      ...this.#account,
      // the server's user may not enter the caller's folder
      cwd: '/',
      input,
      stdio: ['pipe', log, log],
    });
    if (status !== 0) throw startFailed('PostgreSQL', this.#log);
  }
}
