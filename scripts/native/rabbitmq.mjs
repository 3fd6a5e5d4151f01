// RabbitMQ. It reads nothing of the system's configuration, and it has an epmd (Erlang's name
// server) of its own, so that stopping it leaves no process and disturbs no other RabbitMQ.
import { spawn, spawnSync } from 'node:child_process';
import { openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { account, ownFile, ownFolder } from './accounts.mjs';
import { startFailed, turnLog } from './home.mjs';
import { Problem } from './problem.mjs';
import { end, holds, isTaken, pidIn } from './processes.mjs';
import { findEpmd, findRabbitmq, isAtLeast } from './programs.mjs';
import { readSettings } from './settings.mjs';

/** @typedef {import('./home.mjs').Home} Home */

export class Rabbitmq {
  name = 'rabbitmq';
  #settings;
  #folder;
  #log;
  #epmdLog;
  #epmdPid;
  #account;
  /** @type {import('node:child_process').ChildProcess | undefined} what was launched just now */
  #child;

  /** @param {Home} home */
  constructor({ dir, data, settings }) {
    this.#settings = settings;
    this.#folder = join(data, 'rabbitmq');
    this.#log = join(dir, 'rabbitmq.log');
    this.#epmdLog = join(dir, 'epmd.log');
    this.#epmdPid = join(dir, 'epmd.pid');
    this.#account = account('rabbitmq', this.#folder);
  }

  async choosePorts() {
    if (!this.#node) {
      const random = Math.random().toString(36).slice(2, 8);
      this.#settings.set('NODE', `csv2db-${process.pid}-${random}@localhost`);
    }
    await this.#settings.choosePort('QUEUE_PORT', 5672);
    await this.#settings.choosePort('MANAGEMENT_PORT', 15672);
    await this.#settings.choosePort('QUEUE_METRICS_PORT', 15692);
    await this.#settings.choosePort('EPMD_PORT', 24369);
    await this.#settings.choosePort('DIST_PORT', 25672);
  }

  launch() {
    ownFolder(this.#folder, this.#account);
    const plugins = '[rabbitmq_management, rabbitmq_prometheus].\n';
    ownFile(this.#file('enabled_plugins'), this.#account, plugins);
    ownFile(this.#file('rabbitmq.conf'), this.#account, this.#configuration());
    rmSync(this.#file('pid'), { force: true });
    turnLog(this.#log);
    const epmd = findEpmd();
    if (epmd === undefined) throw new Problem("Erlang's epmd is not in the PATH");
    const epmdArgs = ['-address', '127.0.0.1', '-port', this.#settings.get('EPMD_PORT')];
    const { pid } = this.#spawn(epmd, epmdArgs, this.#epmdLog);
    writeFileSync(this.#epmdPid, `${pid}\n`);
    // RabbitMQ wants many files open, and inherits what this shell allows
    const server = [
      '-c',
      'ulimit -S -n 65536 2>/dev/null; exec "$0"',
      this.#program('rabbitmq-server'),
    ];
    this.#child = this.#spawn('/bin/sh', server, this.#log);
  }

  async ready() {
    const port = Number(this.#settings.get('QUEUE_PORT'));
    const isUp = await holds(async () => {
      if (this.#child?.exitCode !== null) throw startFailed('RabbitMQ', this.#log);
      return (
        readFileSync(this.#log, 'utf8').includes('Server startup complete') && (await isTaken(port))
      );
    }, 120);
    if (!isUp) throw startFailed('RabbitMQ', this.#log);
  }

  isRunning() {
    return this.#pid() !== undefined;
  }

  /** @param {NodeJS.Signals} [signal] */
  async stop(signal = 'SIGTERM') {
    const pid = this.#pid();
    if (pid !== undefined) {
      await end(pid, signal);
    } else if (this.#child?.pid !== undefined && this.#child.exitCode === null) {
      // too young to have written its pid
      process.kill(-this.#child.pid, 'SIGKILL');
    }
    const epmd = pidIn(this.#epmdPid, `-port ${this.#settings.get('EPMD_PORT')}`);
    if (epmd !== undefined) await end(epmd, 'SIGTERM');
    rmSync(this.#file('pid'), { force: true });
    rmSync(this.#epmdPid, { force: true });
  }

  /**
   * Runs rabbitmqctl.
   *
   * @param {string[]} args
   */
  ctl(args) {
    if (!this.isRunning()) throw new Problem('RabbitMQ is not running');
    const options = this.#options(['ignore', 'inherit', 'inherit']);
    return spawnSync(this.#program('rabbitmqctl'), args, options).status ?? 1;
  }

  get #node() {
    return this.#settings.get('NODE');
  }

  #pid() {
    return this.#node ? pidIn(this.#file('pid'), `-csv2db ${this.#node}`) : undefined;
  }

  /** @param {string} name */
  #file(name) {
    return join(this.#folder, name);
  }

  /** @param {string} name */
  #program(name) {
    const found = findRabbitmq();
    if (!found || !isAtLeast(found, '3.10')) {
      throw new Problem(
        'RabbitMQ 3.10 or later is not installed: run scripts/native/install.mjs rabbitmq',
      );
    }
    return join(found.bin, name);
  }

  #configuration() {
    const env = readSettings(fileURLToPath(new URL('../../env/rabbitmq.env', import.meta.url)));
    return `listeners.tcp.1 = 127.0.0.1:${this.#settings.get('QUEUE_PORT')}
management.tcp.ip = 127.0.0.1
management.tcp.port = ${this.#settings.get('MANAGEMENT_PORT')}
prometheus.tcp.ip = 127.0.0.1
prometheus.tcp.port = ${this.#settings.get('QUEUE_METRICS_PORT')}
default_user = ${env.get('RABBITMQ_DEFAULT_USER')}
default_pass = ${env.get('RABBITMQ_DEFAULT_PASS')}
default_vhost = ${env.get('RABBITMQ_DEFAULT_VHOST')}
`;
  }

  /**
   * @param {string} command
   * @param {string[]} args
   * @param {string} log
   */
  #spawn(command, args, log) {
    const out = openSync(log, 'w');
    // in a process group of its own: Ctrl-C in the terminal is not meant for it
    const options = { ...this.#options(['ignore', out, out]), detached: true };
    const child = spawn(command, args, options);
    child.unref();
    return child;
  }

  /** @param {import('node:child_process').StdioOptions} stdio */
  #options(stdio) {
    const loopback = '-kernel inet_dist_use_interface {127,0,0,1}';
    return {
      ...this.#account,
      // its user may not enter the caller's folder
      cwd: '/',
      stdio,
      env: {
        PATH: process.env['PATH'],
        HOME: this.#folder,
        LANG: 'C.UTF-8',
        ERL_EPMD_ADDRESS: '127.0.0.1',
        ERL_EPMD_PORT: this.#settings.get('EPMD_PORT'),
        ERL_CRASH_DUMP: this.#file('erl_crash.dump'),
        RABBITMQ_NODENAME: this.#node,
        RABBITMQ_DIST_PORT: this.#settings.get('DIST_PORT'),
        RABBITMQ_PID_FILE: this.#file('pid'),
        RABBITMQ_CONF_ENV_FILE: this.#file('rabbitmq-env.conf'),
        RABBITMQ_CONFIG_FILE: this.#file('rabbitmq.conf'),
        RABBITMQ_CONFIG_FILES: this.#file('conf.d'),
        RABBITMQ_ADVANCED_CONFIG_FILE: this.#file('advanced.config'),
        RABBITMQ_ENABLED_PLUGINS_FILE: this.#file('enabled_plugins'),
        RABBITMQ_MNESIA_BASE: this.#file('mnesia'),
        RABBITMQ_LOG_BASE: this.#folder,
        RABBITMQ_LOGS: '-',
        // "-csv2db" means nothing to it, and marks the process, so that it can be told from others
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: `${loopback} -csv2db ${this.#node}`,
        RABBITMQ_CTL_ERL_ARGS: loopback,
      },
    };
  }
}
