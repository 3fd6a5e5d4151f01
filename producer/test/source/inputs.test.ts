import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createLogger } from '@csv2db/libs/logger.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columnWishes } from '../../src/source/columns.ts';
import { findFiles } from '../../src/source/files.ts';
import { Inputs } from '../../src/source/inputs.ts';

const BLOCK = 1024;
const ROWS = Array.from({ length: 5_000 }, (_, row) => `Name ${row},${row}@example.org\n`).join('');

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function inputsOf(...contents: (string | Buffer)[]): Promise<Inputs> {
  const names = contents.map((_, index) => join(folder, `${index}.csv`));
  for (const [index, content] of contents.entries()) await writeFile(names[index] ?? '', content);
  return await inputsOn(names);
}

async function inputsOn(names: readonly string[]): Promise<Inputs> {
  const log = createLogger('test', 'silent');
  const wishes = {
    columns: columnWishes('name,email'),
    header: 'auto',
    delimiter: undefined,
    quote: '"',
    encoding: 'auto',
  } as const;
  return new Inputs(await findFiles(names, log), wishes, BLOCK, new AbortController().signal, log);
}

/** Reads some blocks of a file from a place on. */
async function read(inputs: Inputs, file: number, blocks = Infinity, from = 0): Promise<void> {
  const { text } = await inputs.at(file);
  const reading = text.read(from)[Symbol.asyncIterator]();
  for (let count = 0; count < blocks; count += 1) {
    if ((await reading.next()).done === true) break;
  }
  await reading.return?.();
}

describe('the share that is read', () => {
  it('grows with the bytes of all files together, from nothing to 1', async () => {
    const inputs = await inputsOf(ROWS, ROWS.repeat(3));
    expect(inputs.share).toBe(0);
    await read(inputs, 0);
    expect(inputs.share).toBe(0.25);
    await read(inputs, 1);
    expect(inputs.share).toBe(1);
    await inputs.close();
  });

  it.each<[string, string | Buffer]>([
    ['is', ROWS],
    ['is packed', gzipSync(ROWS)],
  ])('has nothing of what is read to see what a file %s', async (_, content) => {
    const inputs = await inputsOf(content, ROWS);
    await inputs.begin(0);
    expect(inputs.share).toBe(0);
    await inputs.close();
  });

  it('is of the packed bytes where a file is compressed', async () => {
    const inputs = await inputsOf(gzipSync(ROWS));
    await read(inputs, 0);
    expect(inputs.share).toBe(1);
    await inputs.close();
  });

  it('has the files in front of the one where an import goes on, and the bytes before its place', async () => {
    const inputs = await inputsOf(ROWS, ROWS);
    await inputs.begin(1);
    expect(inputs.share).toBe(0.5);
    await read(inputs, 1, 1, ROWS.length - BLOCK);
    expect(inputs.share).toBe(1);
    await inputs.close();
    const earlier = await inputsOf(ROWS, ROWS);
    await read(earlier, 1, 1, ROWS.length / 2);
    expect(earlier.share).toBeGreaterThan(0.7);
    expect(earlier.share).toBeLessThan(0.9);
    await earlier.close();
  });

  it('is not known where one is no regular file', async () => {
    const inputs = await inputsOn([join(folder, '0.csv'), '/dev/null']);
    expect(inputs.share).toBeUndefined();
  });
});
