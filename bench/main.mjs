// Measures imports from end to end against `psql \copy` of the same file into the same table:
//   make bench                   on throwaway servers
//   BENCH_ROWS=100000            rows of the file (default 1,000,000)
//   BENCH_RUNS=1                 runs of each case (default 5), which alternate
//   BENCH_CASES=clean,one-row    only these; \copy is always measured
//   BENCH_COLLATION=C            how the database compares text (default: as the official image does)
//   BENCH_LIMIT=4                fails when the first of them takes more than 4 times as long as \copy
//   BENCH_WRITE=0                leaves docs/performance.md as it is
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFiles } from './data.mjs';
import { environment, importFile, QUEUE, Service } from './import.mjs';
import { medianSeconds, write } from './report.mjs';
import {
  connectTo,
  createDatabase,
  databaseUrl,
  deleteQueues,
  dropDatabase,
  messagesIn,
} from './servers.mjs';

/** @typedef {import('./import.mjs').Result} Result */
/** @typedef {{ name: string, target: string, file: 'clean' | 'few' | 'half', options: object }} Case */

const DATABASE = 'csv2db_bench';
const ROWS = Number(process.env['BENCH_ROWS'] ?? 1_000_000);
const RUNS = Number(process.env['BENCH_RUNS'] ?? 5);
const MANY = 1_000;

/** @type {Case[]} */
const CASES = [
  { name: 'clean', target: '≤ 1.0', file: 'clean', options: { rowsPerMessage: MANY } },
  { name: 'duplicates-1', target: '≤ 1.3', file: 'few', options: { rowsPerMessage: MANY } },
  { name: 'duplicates-50', target: '≤ 1.5', file: 'half', options: { rowsPerMessage: MANY } },
  {
    name: 'clean, 2 consumers',
    target: '',
    file: 'clean',
    options: { rowsPerMessage: MANY, consumers: 2 },
  },
  {
    name: 'duplicates-1, 2 consumers',
    target: '',
    file: 'few',
    options: { rowsPerMessage: MANY, consumers: 2 },
  },
  { name: 'one-row', target: '≤ 7.5', file: 'clean', options: { rowsPerMessage: 1 } },
];
const wanted = process.env['BENCH_CASES']?.split(',');
const cases = wanted ? CASES.filter(({ name }) => wanted.includes(name)) : CASES;

const folder = await mkdtemp(join(tmpdir(), 'csv2db-bench-'));
try {
  const files = await writeFiles(folder, ROWS);
  const collation = await createDatabase(DATABASE);
  const migrated = await new Service('consumer', ['migrate'], environment(DATABASE)).exit;
  if (migrated !== 0) throw new Error('consumer migrate failed');
  say(`${ROWS} rows, collation ${collation}`);

  /** @type {Map<string, Partial<Result>[]>} */
  const results = new Map();
  /**
   * @param {string} name
   * @param {number} emails
   * @param {() => Promise<Partial<Result>>} work
   */
  const measure = async (name, emails, work) => {
    await reset();
    const result = await work();
    await verify(name, emails);
    results.set(name, [...(results.get(name) ?? []), result]);
    say(`${name.padEnd(26)} ${result.seconds?.toFixed(2)} s`);
  };
  for (let run = 0; run < RUNS; run += 1) {
    await measure('\\copy', files.clean.emails, () => copy(files.clean.path));
    for (const { name, file, options } of cases) {
      const { path, emails } = files[file];
      await measure(name, emails, () => importFile(DATABASE, path, ROWS, options));
    }
  }
  const targets = new Map(CASES.map(({ name, target }) => [name, target]));
  const table = await write(results, targets, { rows: ROWS, runs: RUNS, collation });
  say(`\n${table}`);
  const limit = Number(process.env['BENCH_LIMIT'] ?? Infinity);
  const [base = 0, first = 0] = [...results.values()].map(medianSeconds);
  if (first > limit * base) throw new Error(`${(first / base).toFixed(1)} times \\copy`);
} finally {
  await dropDatabase(DATABASE);
  await rm(folder, { recursive: true });
}

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`);
}

/** Makes all runs begin alike. */
async function reset() {
  await deleteQueues(QUEUE);
  const client = await connectTo(DATABASE);
  await client.query('TRUNCATE contacts');
  await client.query('CHECKPOINT');
  await client.end();
}

/**
 * A fast run that is wrong is a failure.
 * @param {string} name
 * @param {number} emails how many different ones the file has
 */
async function verify(name, emails) {
  const client = await connectTo(DATABASE);
  /** @type {import('pg').QueryResult<{ count: number }>} */
  const { rows } = await client.query('SELECT count(*)::int AS count FROM contacts');
  await client.end();
  if (rows[0]?.count !== emails) {
    throw new Error(`${name}: ${rows[0]?.count} rows are in the table instead of ${emails}`);
  }
  if (name === '\\copy') return;
  const left = await messagesIn(QUEUE);
  if (left > 0) throw new Error(`${name}: ${left} messages are left in the queue`);
}

/** @param {string} file */
async function copy(file) {
  const { hostname, port, username, password } = databaseUrl;
  const command = `\\copy contacts (name, email) FROM '${file}' (FORMAT csv)`;
  const began = performance.now();
  const psql = spawn(
    'psql',
    ['-X', '-q', '-h', hostname, '-p', port, '-U', username, '-d', DATABASE, '-c', command],
    { env: { ...process.env, PGPASSWORD: decodeURIComponent(password) }, stdio: 'inherit' },
  );
  await new Promise((resolve, reject) => {
    psql.once('error', reject).once('exit', resolve);
  });
  if (psql.exitCode !== 0) throw new Error('psql failed');
  return { seconds: (performance.now() - began) / 1000 };
}
