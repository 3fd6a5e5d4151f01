// Measures imports from end to end against `psql \copy` of the same file into the same table:
//   make bench                   on throwaway servers
//   BENCH_ROWS=100000            rows of the file (default 1,000,000)
//   BENCH_RUNS=1                 runs of each case (default 3), which alternate
//   BENCH_CASES='duplicates'     only cases whose name matches this regular expression
//   BENCH_COLLATION=C            only databases that compare text so (default: as the official image
//                                does, then by bytes)
// Without any of these the results go to docs/performance.md, too.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { casesLike } from './cases.mjs';
import { writeFiles } from './data.mjs';
import { service } from './import.mjs';
import { Results, writePage } from './report.mjs';
import { connectTo, createDatabase, deleteQueues, dropDatabase, prepare } from './servers.mjs';

const DATABASE = 'csv2db_bench';
const ROWS = Number(process.env['BENCH_ROWS'] ?? 1_000_000);
const RUNS = Number(process.env['BENCH_RUNS'] ?? 3);
const PATTERN = process.env['BENCH_CASES'];
const COLLATION = process.env['BENCH_COLLATION'];
const isAsPublished = !['ROWS', 'RUNS', 'CASES', 'COLLATION'].some(
  (wish) => process.env[`BENCH_${wish}`],
);

const collations = COLLATION ? [COLLATION] : [undefined, 'C'];
/** @type {import('./report.mjs').Table[]} */
const tables = [];
const folder = await mkdtemp(join(tmpdir(), 'csv2db-bench-'));
try {
  for (const wish of collations) {
    const collation = await createDatabase(DATABASE, wish);
    await service('consumer', ['migrate'], DATABASE).succeeded();
    process.stdout.write(`${ROWS} rows, collation ${collation}\n`);
    const groups = casesLike(new RegExp(PATTERN ?? ''), collation);
    const results = await measure(groups);
    tables.push({ collation, groups, results });
    process.stdout.write(`\n${results.tables(groups, collation)}\n\n`);
  }
  if (isAsPublished) await writePage(tables, { rows: ROWS, runs: RUNS });
} finally {
  await dropDatabase(DATABASE);
  await rm(folder, { recursive: true });
}

/** @param {import('./report.mjs').Groups} groups */
async function measure(groups) {
  const cases = groups.flatMap((group) => group.cases);
  const files = await writeFiles(folder, ROWS, new Set(cases.map(({ file }) => file)));
  const results = new Results();
  for (let run = 0; run < RUNS; run += 1) {
    for (const measured of cases) {
      const file = files.get(measured.file);
      if (!file) throw new Error(`there is no file ${measured.file}`);
      await prepare(DATABASE);
      const result = await measured.run(DATABASE, file);
      await verify(measured.name, file.emails);
      results.add(measured, file.rows, result);
      process.stdout.write(`${measured.name.padEnd(34)} ${result.seconds.toFixed(2)} s\n`);
    }
  }
  return results;
}

/**
 * A fast run that is wrong is a failure.
 *
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
  const left = await deleteQueues();
  if (left > 0) throw new Error(`${name}: ${left} messages are left in the queue`);
}
