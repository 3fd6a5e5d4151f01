// Measures what the ledger and the metrics cost:
//   make bench-cost              on throwaway servers
//   BENCH_ROWS=100000            rows of the file (default 1,000,000; with one row a message a fifth)
//   BENCH_RUNS=3                 rounds of all cases (default 9)
// Machines are less steady than these costs are small. So each round runs an import in each way, one
// behind the other, and what counts is the median of what the rounds say.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFiles } from './data.mjs';
import { importFile, service } from './import.mjs';
import { connectTo, createDatabase, dropDatabase, prepare } from './servers.mjs';

const ROWS = Number(process.env['BENCH_ROWS'] ?? 1_000_000);
const RUNS = Number(process.env['BENCH_RUNS'] ?? 9);

const WITH_LEDGER = 'csv2db_cost_ledger';
const WITHOUT_LEDGER = 'csv2db_cost_bare';

/** What an import took: seconds by the clock, and those of processors, by our services and by the servers. */
/** @typedef {{ seconds: number, services: number, servers: number }} Taken */
/** @typedef {{ bare: Taken, ledger: Taken, metrics: Taken }} Round */

const folder = await mkdtemp(join(tmpdir(), 'csv2db-cost-'));
try {
  for (const database of [WITH_LEDGER, WITHOUT_LEDGER]) {
    await createDatabase(database);
    await service('consumer', ['migrate'], database).succeeded();
  }
  const client = await connectTo(WITHOUT_LEDGER);
  await client.query('DROP TABLE csv2db_ledger, csv2db_announcements');
  await client.end();

  const many = await writeFiles(folder, ROWS, new Set(['few']));
  const cases = [
    { name: '5,000 rows a message', file: many.get('clean'), rowsPerMessage: 5_000 },
    { name: 'the same, 1% duplicates', file: many.get('few'), rowsPerMessage: 5_000 },
    { name: 'one row a message', file: many.get('clean'), rowsPerMessage: 1, limit: ROWS / 5 },
  ];
  process.stdout.write('| times | seconds | processor, services | servers |\n|---|---|---|---|\n');
  for (const { name, file, ...options } of cases) {
    if (!file) throw new Error(`there is no file for "${name}"`);
    await measure(name, file, options);
  }
} finally {
  for (const database of [WITH_LEDGER, WITHOUT_LEDGER]) await dropDatabase(database);
  await rm(folder, { recursive: true });
}

/**
 * @param {string} name
 * @param {import('./data.mjs').File} file
 * @param {import('./import.mjs').ImportOptions} options
 */
async function measure(name, file, options) {
  /** @type {Round[]} */
  const rounds = [];
  for (let run = 0; run < RUNS; run += 1) rounds.push(await round(file, options, run % 2 === 1));
  const costs = /** @type {const} */ (['seconds', 'services', 'servers']).map((unit) => ({
    ledger: ratio(rounds, ({ bare, ledger }) => ledger[unit] / bare[unit]),
    metrics: ratio(rounds, ({ ledger, metrics }) => metrics[unit] / ledger[unit]),
  }));
  for (const part of /** @type {const} */ (['ledger', 'metrics'])) {
    process.stdout.write(`| ${name}, ${part} | ${costs.map((cost) => cost[part]).join(' | ')} |\n`);
  }
}

/**
 * An import in each way.
 *
 * @param {import('./data.mjs').File} file
 * @param {import('./import.mjs').ImportOptions} options
 * @param {boolean} isReversed what a machine does meanwhile, getting warm or slow, favours no way
 * @returns {Promise<Round>}
 */
async function round(file, options, isReversed) {
  const bare = () => take(WITHOUT_LEDGER, file, options);
  const ledger = () => take(WITH_LEDGER, file, options);
  const metrics = () => take(WITH_LEDGER, file, { ...options, metrics: true });
  if (!isReversed) return { bare: await bare(), ledger: await ledger(), metrics: await metrics() };
  return { metrics: await metrics(), ledger: await ledger(), bare: await bare() };
}

/**
 * @param {string} database
 * @param {import('./data.mjs').File} file
 * @param {import('./import.mjs').ImportOptions} options
 * @returns {Promise<Taken>}
 */
async function take(database, file, options) {
  await prepare(database);
  const { seconds, cpu } = await importFile(database, file, options);
  const { producer = 0, consumers = 0, RabbitMQ = 0, PostgreSQL = 0 } = cpu;
  return { seconds, services: producer + consumers, servers: RabbitMQ + PostgreSQL };
}

/**
 * The median over the rounds, and between what half of them are.
 *
 * @param {Round[]} rounds
 * @param {(round: Round) => number} of
 */
function ratio(rounds, of) {
  const sorted = rounds.map(of).toSorted((a, b) => a - b);
  const at = (/** @type {number} */ share) =>
    (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN).toFixed(3);
  return `${at(0.5)} (${at(0.25)}–${at(0.75)})`;
}
