// One import from end to end, with real processes: how long it took, and what it cost.
import { fileURLToPath } from 'node:url';
import { Process, serverSeconds } from './processes.mjs';
import { ageQueues, databaseUrl, emptied, QUEUE, queueUrl } from './servers.mjs';

const BIN = fileURLToPath(new URL('../bin/', import.meta.url));
/** What a consumer prints when it is ready. */
export const CONSUMING = /consuming the queue/;
/** Milliseconds without a row after which an import hangs. */
const PATIENCE = 60_000;

/**
 * @typedef {object} Result
 * @property {number} seconds from the start to the last commit
 * @property {Record<string, number>} memory most resident memory of each process, in MiB
 * @property {Record<string, number>} cpu processor seconds of each
 */

/**
 * @typedef {object} ImportOptions
 * @property {number} rowsPerMessage
 * @property {number} [consumers] default 1
 * @property {number} [parallel] default that of the consumer
 * @property {number} [limit] rows to import, default all
 * @property {boolean} [metrics] whether both services count for Prometheus, default false
 */

/**
 * Imports a file, and waits until each of its rows was inserted, or found to be a duplicate. The
 * clock runs from the start of the producer; the consumers run already.
 *
 * @param {string} database the table in it is empty
 * @param {import('./data.mjs').File} file
 * @param {ImportOptions} options
 * @returns {Promise<Result>}
 */
export async function importFile(database, { path, rows }, options) {
  const { rowsPerMessage, consumers: count = 1, parallel, limit = rows, metrics } = options;
  const workers = parallel === undefined ? [] : ['--parallel', `${parallel}`];
  const counting = metrics ? ['--metrics-addr', '127.0.0.1:0'] : [];
  const flags = ['--log-level', 'debug', ...workers, ...counting];
  const consumers = Array.from({ length: count }, () => service('consumer', flags, database));
  try {
    await Promise.all(consumers.map((consumer) => consumer.prints(CONSUMING)));
    await ageQueues();
    const used = await usage(consumers);
    const settled = allSettled(consumers, limit);
    const began = performance.now();
    const bounds = ['--rows-per-message', `${rowsPerMessage}`, '--limit', `${limit}`];
    const producer = service('producer', ['--file', path, ...bounds, ...counting], database);
    await Promise.all([settled, producer.succeeded()]);
    const seconds = ((await settled) - began) / 1000;
    const now = await usage(consumers);
    await emptied();
    return {
      seconds,
      memory: {
        producer: producer.memory,
        consumer: Math.max(...consumers.map(({ memory }) => memory)),
      },
      cpu: {
        producer: producer.cpu,
        consumers: now.consumers - used.consumers,
        RabbitMQ: now.RabbitMQ - used.RabbitMQ,
        PostgreSQL: now.PostgreSQL - used.PostgreSQL,
      },
    };
  } finally {
    for (const { child } of consumers) child.kill('SIGTERM');
    await Promise.all(consumers.map(({ exit }) => exit));
  }
}

/**
 * Starts a built service, as a user does, or with other options of Node.js than it has of its own.
 *
 * @param {'producer' | 'consumer'} name
 * @param {string[]} args
 * @param {string} database
 * @param {string[]} [nodeOptions]
 */
export function service(name, args, database, nodeOptions) {
  const program = BIN + name;
  const env = environment(database);
  return nodeOptions
    ? new Process(process.execPath, [...nodeOptions, program, ...args], env)
    : new Process(program, args, env);
}

/**
 * The variables that lead both services to the servers.
 * @param {string} database
 * @returns {NodeJS.ProcessEnv}
 */
function environment(database) {
  const env = { ...process.env };
  for (const variable of ['PRODUCER', 'CONSUMER']) {
    env[`FC_${variable}_QUEUE_ADDR`] = queueUrl.host;
    env[`FC_${variable}_QUEUE_USER`] = decodeURIComponent(queueUrl.username);
    env[`FC_${variable}_QUEUE_PASS`] = decodeURIComponent(queueUrl.password);
    env[`FC_${variable}_QUEUE_NAME`] = QUEUE;
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

/** @typedef {{ inserted: number, duplicates: number, dead: number }} Line */

/**
 * Waits until consumers have settled so many rows.
 *
 * @param {Process[]} consumers
 * @param {number} rows
 * @returns {Promise<number>} when that was, in the time of `performance.now()`
 */
export function allSettled(consumers, rows) {
  let settled = 0;
  return new Promise((resolve, reject) => {
    const hangs = () => reject(new Error(`the import hangs at ${settled} of ${rows} rows`));
    const timer = setTimeout(hangs, PATIENCE);
    for (const { lines, exit } of consumers) {
      const ended = () => reject(new Error(`a consumer ended after ${settled} of ${rows} rows`));
      void exit.then(ended, ended);
      lines.on('line', (text) => {
        if (!/"msg":"batch \d+ stored/.test(text)) return;
        const parsed = /** @type {unknown} */ (JSON.parse(text));
        const line = /** @type {Line} */ (parsed);
        settled += line.inserted + line.duplicates + line.dead;
        timer.refresh();
        if (settled < rows) return;
        clearTimeout(timer);
        resolve(performance.now());
      });
    }
  });
}

/** @param {Process[]} consumers */
async function usage(consumers) {
  const [servers] = await Promise.all([
    serverSeconds(),
    ...consumers.map((consumer) => consumer.sample()),
  ]);
  return { ...servers, consumers: consumers.reduce((sum, { cpu }) => sum + cpu, 0) };
}
