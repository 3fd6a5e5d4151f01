// Fails when an import has become much slower, or much more wasteful, than it is known to be:
//   make bench-guard
// The bound on the time is generous: it is measured against \copy, but on a machine that may be busy. What a
// process allocates, and how often it writes, hardly depend on that.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { writeFiles } from './data.mjs';
import { CONSUMING, importFile, service } from './import.mjs';
import { copy, copyInto } from './rivals.mjs';
import { connectTo, createDatabase, dropDatabase, prepare } from './servers.mjs';
import { createWideTable, storeLines, TABLE, wideLines, writeLines } from './wide.mjs';

const DATABASE = 'csv2db_guard';
const ROWS = 100_000;
const ROWS_PER_MESSAGE = 5_000;
/** Most times as long as `\copy`, the starts of the processes included. */
const MOST_TIMES = 3;
/**
 * The same of a table of ten columns, without the starts: of different rows, which are copied, and of
 * rows that all come twice, half of which are inserted.
 */
const MOST_TIMES_WIDE = { different: 2, twice: 4 };
/**
 * Most bytes that a process allocates on the heap of JavaScript, a row: half as many again as it
 * does.
 */
const MOST_BYTES = { producer: 330, consumer: 180 };
/** Most system calls to write, for each message of one row; there are 0.04. */
const MOST_WRITES = 0.15;

const folder = await mkdtemp(join(tmpdir(), 'csv2db-guard-'));
try {
  const file = (await writeFiles(folder, ROWS, new Set())).get('clean');
  if (!file) throw new Error('there is no file');
  await createDatabase(DATABASE, 'C');
  await service('consumer', ['migrate'], DATABASE).succeeded();

  await prepare(DATABASE);
  const sender = service('producer', ['--file', file.path, '--rows-per-message', '1'], DATABASE);
  await sender.succeeded();

  /** @type {number[]} */
  const ratios = [];
  for (let run = 0; run < 3; run += 1) {
    await prepare(DATABASE);
    const base = await copy(DATABASE, file);
    await prepare(DATABASE);
    const own = await importFile(DATABASE, file, { rowsPerMessage: ROWS_PER_MESSAGE });
    ratios.push(own.seconds / base.seconds);
  }
  await prepare(DATABASE);
  const bytes = await allocations(file);
  const wide = await wideRatios();
  check('times \\copy', Math.min(...ratios), MOST_TIMES);
  check('times \\copy, ten columns', wide.different, MOST_TIMES_WIDE.different);
  check('times \\copy, ten columns, each row twice', wide.twice, MOST_TIMES_WIDE.twice);
  check('bytes a row, producer', bytes.producer, MOST_BYTES.producer);
  check('bytes a row, consumer', bytes.consumer, MOST_BYTES.consumer);
  check('writes a message, producer', sender.writes / ROWS, MOST_WRITES);
} finally {
  await dropDatabase(DATABASE);
  await rm(folder, { recursive: true });
}

/** How long rows of ten columns take, in times of `\\copy`: the better of two runs. */
async function wideRatios() {
  await createWideTable(DATABASE);
  const lines = wideLines(ROWS);
  const twice = lines.flatMap((line, row) => [line, lines[row >> 1] ?? line]);
  const file = await writeLines(join(folder, 'wide.csv'), lines);
  const best = { different: Infinity, twice: Infinity };
  for (let run = 0; run < 2; run += 1) {
    await prepare(DATABASE, TABLE);
    const base = (await copyInto(DATABASE, file, TABLE)).seconds;
    await prepare(DATABASE, TABLE);
    best.different = Math.min(best.different, (await storeLines(DATABASE, lines)) / base);
    await prepare(DATABASE, TABLE);
    best.twice = Math.min(best.twice, (await storeLines(DATABASE, twice)) / base);
  }
  return best;
}

/**
 * @param {string} what
 * @param {number} value
 * @param {number} most
 */
function check(what, value, most) {
  const isGood = value <= most;
  const rounded = value < 100 ? value.toFixed(2) : value.toFixed();
  process.stdout.write(`${what}: ${rounded}, at most ${most}${isGood ? '' : ': TOO MUCH'}\n`);
  if (!isGood) process.exitCode = 1;
}

/**
 * What both processes of an import allocate, in bytes a row.
 * @param {import('./data.mjs').File} file
 */
async function allocations({ path, rows }) {
  // V8 writes to standard output too, where a log of each batch would tear its lines
  const consumer = service('consumer', [], DATABASE, ['--trace-gc']);
  try {
    const consumed = allocatedBytes(consumer);
    await consumer.prints(CONSUMING);
    const flags = ['--file', path, '--rows-per-message', `${ROWS_PER_MESSAGE}`];
    const producer = service('producer', flags, DATABASE, ['--trace-gc']);
    const produced = allocatedBytes(producer);
    await producer.succeeded();
    await stored(rows);
    consumer.child.kill('SIGTERM');
    await consumer.exit;
    return { producer: produced() / rows, consumer: consumed() / rows };
  } finally {
    consumer.child.kill('SIGTERM');
  }
}

/**
 * Waits until so many rows are in the table.
 * @param {number} rows
 */
async function stored(rows) {
  const client = await connectTo(DATABASE);
  const deadline = Date.now() + 60_000;
  for (let count = 0; count < rows;) {
    if (Date.now() > deadline) throw new Error(`after a minute, only ${count} rows are stored`);
    await pause(50);
    /** @type {import('pg').QueryResult<{ count: number }>} */
    const result = await client.query('SELECT count(*)::int AS count FROM contacts');
    count = result.rows[0]?.count ?? 0;
  }
  await client.end();
}

/**
 * Sums up, from what V8 says of each collection, the growth of the heap since the one before.
 *
 * @param {import('./processes.mjs').Process} traced
 * @returns {() => number} the bytes until now
 */
function allocatedBytes({ lines }) {
  let [total, left] = [0, 0];
  lines.on('line', (line) => {
    const [, before, after] = /: \S.* (\d+\.\d+) \(\S+\) -> (\d+\.\d+) \(/.exec(line) ?? [];
    if (before === undefined || after === undefined) return;
    total += Number(before) - left;
    left = Number(after);
  });
  return () => {
    if (total === 0)
      throw new Error('V8 told of no collection, or in other words than are known here');
    return total * 2 ** 20;
  };
}
