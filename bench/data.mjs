// The files that are imported.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';

const GENERATOR = fileURLToPath(new URL('../producer/data/generate.mjs', import.meta.url));

/**
 * @typedef {object} File a CSV file
 * @property {string} path
 * @property {number} rows all of them valid
 * @property {number} emails how many different ones
 */

/** @typedef {'clean' | 'few' | 'half' | 'gzipped' | 'reordered' | 'tenfold'} FileName */

/**
 * Writes the files that are needed: one of different emails, one in which 1% of the rows are copies
 * of earlier ones, one with 50%, the first one gzipped, and with a header and more columns in another
 * order, and one of ten times as many different emails.
 *
 * @param {string} folder
 * @param {number} rows
 * @param {ReadonlySet<FileName>} names
 * @returns {Promise<Map<FileName, File>>}
 */
export async function writeFiles(folder, rows, names) {
  const clean = await generate(join(folder, 'clean.csv'), rows);
  /** @type {Map<FileName, File>} */
  const files = new Map([['clean', clean]]);
  for (const [name, share] of /** @type {const} */ ([
    ['few', 0.01],
    ['half', 0.5],
  ])) {
    if (names.has(name))
      files.set(name, await duplicate(clean, join(folder, `${name}.csv`), share));
  }
  if (names.has('gzipped')) {
    files.set('gzipped', await rewrite(clean, join(folder, 'clean.csv.gz'), createGzip()));
  }
  if (names.has('reordered')) {
    files.set('reordered', await rewrite(clean, join(folder, 'reordered.csv'), reorder));
  }
  if (names.has('tenfold')) {
    files.set('tenfold', await generate(join(folder, 'tenfold.csv'), 10 * rows));
  }
  return files;
}

/**
 * @param {string} path
 * @param {number} rows
 * @returns {Promise<File>}
 */
async function generate(path, rows) {
  const generator = spawn(process.execPath, [GENERATOR, `${rows}`]);
  await Promise.all([
    once(generator, 'close'),
    pipeline(generator.stdout, createWriteStream(path)),
  ]);
  if (generator.exitCode !== 0) throw new Error(`${GENERATOR} failed`);
  return { path, rows, emails: rows };
}

/**
 * @param {File} original
 * @param {string} path
 * @param {NodeJS.ReadWriteStream | ((source: AsyncIterable<Buffer>) => AsyncIterable<string>)} change
 * @returns {Promise<File>}
 */
async function rewrite({ path: from, ...counts }, path, change) {
  await pipeline(createReadStream(from), change, createWriteStream(path));
  return { path, ...counts };
}

/** @param {AsyncIterable<Buffer>} source rows of a name and an email, without quotes */
async function* reorder(source) {
  yield 'id,email,name\n';
  let row = 0;
  for await (const line of createInterface({ input: Readable.from(source) })) {
    const [name, email] = line.split(',');
    yield `${(row += 1)},${email},${name}\n`;
  }
}

/**
 * @param {File} original
 * @param {string} path
 * @param {number} share of the rows that become copies of earlier ones
 * @returns {Promise<File>}
 */
async function duplicate(original, path, share) {
  let state = 1;
  // Lehmer's generator: the same file each time
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  /** @type {string[]} */
  const lines = [];
  for await (const line of createInterface({ input: createReadStream(original.path) })) {
    const earlier = lines[Math.floor(random() * lines.length)];
    lines.push(random() < share && earlier !== undefined ? earlier : line);
  }
  await pipeline(
    lines.map((line) => `${line}\n`),
    createWriteStream(path),
  );
  return { path, rows: lines.length, emails: new Set(lines).size };
}
