// The files that are imported.
import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

const GENERATOR = fileURLToPath(new URL('../producer/data/generate.mjs', import.meta.url));

/** @typedef {{ path: string, emails: number }} File a CSV file, and how many different emails it has */

/**
 * Writes a file of different emails, and two in which 1% and 50% of the rows are copies of earlier ones.
 *
 * @param {string} folder
 * @param {number} rows
 * @returns {Promise<{ clean: File, few: File, half: File }>}
 */
export async function writeFiles(folder, rows) {
  const clean = join(folder, 'clean.csv');
  const generator = spawn(process.execPath, [GENERATOR, `${rows}`]);
  await pipeline(generator.stdout, createWriteStream(clean));
  const lines = [];
  for await (const line of createInterface({ input: createReadStream(clean) })) lines.push(line);
  return {
    clean: { path: clean, emails: rows },
    few: await writeDuplicates(join(folder, 'few.csv'), lines, 0.01),
    half: await writeDuplicates(join(folder, 'half.csv'), lines, 0.5),
  };
}

/**
 * @param {string} path
 * @param {readonly string[]} lines
 * @param {number} share
 * @returns {Promise<File>}
 */
async function writeDuplicates(path, lines, share) {
  let state = 1;
  // Lehmer's generator: the same file each time
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const copies = [...lines];
  for (let index = 1; index < copies.length; index += 1) {
    if (random() < share) copies[index] = copies[Math.floor(random() * index)] ?? '';
  }
  await pipeline(
    copies.map((line) => `${line}\n`),
    createWriteStream(path),
  );
  return { path, emails: new Set(copies).size };
}
