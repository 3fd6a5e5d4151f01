// One import from end to end, with real processes: how long it took, and what it cost.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { databaseUrl, queueUrl } from './servers.mjs';

const BIN = fileURLToPath(new URL('../bin/', import.meta.url));
/** The queue that is measured. */
export const QUEUE = 'csv2db_bench';
/** Clock ticks a second in /proc, on every Linux. */
const TICKS = 100;
/** Milliseconds without a row after which an import hangs. */
const PATIENCE = 60_000;

/**
 * @typedef {object} Result
 * @property {number} seconds from the start of the producer to the last commit
 * @property {number} producerSeconds until the producer ended
 * @property {number} producerMemory most resident memory, in MB; 0 where the system does not tell
 * @property {number} consumerMemory likewise, of the largest consumer
 * @property {{ producer: number, consumers: number, rabbitmq: number, postgres: number }} cpu seconds
 */

/**
 * Imports a file, and waits until each of its rows was inserted, or found to be a duplicate.
 *
 * @param {string} database the table in it is empty
 * @param {string} file
 * @param {number} rows how many are in the file, all of them valid
 * @param {{ rowsPerMessage?: number, consumers?: number, parallel?: number }} [options]
 * @returns {Promise<Result>}
 */
export async function importFile(database, file, rows, options = {}) {
  const { rowsPerMessage = 1, consumers: count = 1, parallel } = options;
  const env = environment(database);
  let settled = 0;
  /** @type {(value?: unknown) => void} */
  let onSettled = () => {};
  const workers = parallel === undefined ? [] : ['--parallel', `${parallel}`];
  const consumers = Array.from(
    { length: count },
    () => new Service('consumer', ['--log-level', 'debug', ...workers], env),
  );
  for (const consumer of consumers) {
    consumer.onLine((line) => {
      if (!/^batch stored/.test(line.msg)) return;
      settled += line.inserted + line.duplicates + line.dead;
      onSettled();
    });
  }
  try {
    await Promise.all(consumers.map((consumer) => consumer.ready));
    const before = await Promise.all([
      cpuSeconds(consumers.map(({ pid }) => pid)),
      cpuSecondsOf('rabbitmq'),
      cpuSecondsOf('postgres'),
    ]);
    const began = performance.now();
    const producer = new Service(
      'producer',
      ['--file', file, '--rows-per-message', `${rowsPerMessage}`],
      env,
    );
    let producerSeconds = 0;
    void producer.exit.then(() => (producerSeconds = (performance.now() - began) / 1000));
    const sampling = setInterval(() => void producer.sample(), 50);
    while (settled < rows) {
      await withPatience(new Promise((resolve) => (onSettled = resolve)), () => settled);
    }
    const seconds = (performance.now() - began) / 1000;
    clearInterval(sampling);
    if ((await producer.exit) !== 0) throw new Error('the producer failed');
    await Promise.all(consumers.map((consumer) => consumer.sample()));
    const after = await Promise.all([
      cpuSeconds(consumers.map(({ pid }) => pid)),
      cpuSecondsOf('rabbitmq'),
      cpuSecondsOf('postgres'),
    ]);
    const [used, rabbitmq, postgres] = after.map((now, index) => now - (before[index] ?? 0));
    return {
      seconds,
      producerSeconds,
      producerMemory: producer.memory,
      consumerMemory: Math.max(...consumers.map(({ memory }) => memory)),
      cpu: {
        producer: producer.cpu,
        consumers: used ?? 0,
        rabbitmq: rabbitmq ?? 0,
        postgres: postgres ?? 0,
      },
    };
  } finally {
    for (const { child } of consumers) child.kill('SIGTERM');
    await Promise.all(consumers.map(({ exit }) => exit));
  }
}

/**
 * The variables that lead both services to the servers.
 * @param {string} database
 */
export function environment(database) {
  const env = { ...process.env };
  for (const service of ['PRODUCER', 'CONSUMER']) {
    env[`FC_${service}_QUEUE_ADDR`] = queueUrl.host;
    env[`FC_${service}_QUEUE_USER`] = decodeURIComponent(queueUrl.username);
    env[`FC_${service}_QUEUE_PASS`] = decodeURIComponent(queueUrl.password);
    env[`FC_${service}_QUEUE_NAME`] = QUEUE;
  }
  return Object.assign(env, {
    FC_PRODUCER_CHECKPOINT: 'none',
    FC_CONSUMER_DB_HOST: databaseUrl.hostname,
    FC_CONSUMER_DB_PORT: databaseUrl.port,
    FC_CONSUMER_DB_USER: decodeURIComponent(databaseUrl.username),
    FC_CONSUMER_DB_PASS: decodeURIComponent(databaseUrl.password),
    FC_CONSUMER_DB_NAME: database,
  });
}

/** @typedef {{ msg: string, inserted: number, duplicates: number, dead: number }} Line */

/** A built service that runs. */
export class Service {
  /** Most resident memory that was seen, in MB. */
  memory = 0;
  /** Seconds of processor time that were seen. */
  cpu = 0;

  /**
   * @param {'producer' | 'consumer'} name
   * @param {string[]} args
   * @param {NodeJS.ProcessEnv} env
   */
  constructor(name, args, env) {
    this.child = spawn(BIN + name, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    /** @type {Promise<number | null>} */
    this.exit = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('exit', resolve);
    });
    this.lines = createInterface(this.child.stdout);
    this.ready = once(this.lines, 'line');
  }

  get pid() {
    return this.child.pid ?? 0;
  }

  /** @param {(line: Line) => void} listener */
  onLine(listener) {
    this.lines.on('line', (text) => {
      const line = /** @type {unknown} */ (JSON.parse(text));
      listener(/** @type {Line} */ (line));
    });
  }

  /** Reads what Linux knows of a living process. */
  async sample() {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8').catch(() => '');
    const peak = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1000;
    this.memory = Math.max(this.memory, peak);
    this.cpu = Math.max(this.cpu, await cpuSeconds([this.pid]));
  }
}

/** @param {number[]} pids */
async function cpuSeconds(pids) {
  let ticks = 0;
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // user and system time, and those of children that have ended: proc(5)
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    for (const field of fields.slice(11, 15)) ticks += Number(field);
  }
  return ticks / TICKS;
}

/**
 * Processor time of all processes of a server, in seconds; 0 where the system does not tell.
 * @param {'rabbitmq' | 'postgres'} server
 */
async function cpuSecondsOf(server) {
  const pattern = server === 'postgres' ? /^postgres/ : /beam\.smp.*rabbit/;
  const pids = [];
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (pattern.test(command.replace(/^\S*\/(?=postgres)/, ''))) pids.push(Number(pid));
  }
  return await cpuSeconds(pids);
}

/**
 * @param {Promise<unknown>} progress
 * @param {() => number} settled
 */
async function withPatience(progress, settled) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const limit = new Promise((_, reject) => {
    const hangs = () => reject(new Error(`the import hangs at ${settled()} rows`));
    timer = setTimeout(hangs, PATIENCE);
  });
  await Promise.race([progress, limit]);
  clearTimeout(timer);
}
