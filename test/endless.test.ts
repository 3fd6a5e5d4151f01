import { open } from 'node:fs/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { peakMemory, tellsMemory } from './memory.ts';
import { workbench } from './workbench.ts';

const bench = workbench();

const MiB = 1024 ** 2;
const [FIRST, LAST] = ['Jo,jo@example.org\n', '\nJi,ji@example.org\n'];
const EMAILS = ['jo@example.org', 'ji@example.org'];
/** Node.js alone has 60. */
const MOST_MEMORY = 200;

/** A row, 1 GiB of NUL on a line, of which a disk keeps nothing, and a row. */
async function sparse(): Promise<string> {
  const path = await bench.fileOf(FIRST);
  const file = await open(path, 'r+');
  await file.write(LAST, FIRST.length + 1024 * MiB);
  await file.close();
  return path;
}

/** Gzip members that follow one another are one text. */
function bombOf(text: string, mebibytes = 1024): Buffer {
  const member = gzipSync(text.repeat((16 * MiB) / text.length));
  const members = Array.from({ length: mebibytes / 16 }, () => member);
  return Buffer.concat([gzipSync(FIRST), ...members, gzipSync(LAST)]);
}

describe.runIf(tellsMemory)('no more memory than other files is taken by', () => {
  it.each<[string, () => Promise<string>, number]>([
    ['1 GiB on one line', sparse, 1],
    ['1 GiB on one line, in 1 MiB of gzip', () => bench.fileOf(bombOf('a')), 1],
    ['1 GiB on one line, behind a quote', () => bench.fileOf(bombOf(`"${'a'.repeat(MiB - 1)}`)), 1],
    ['128 MiB of blank lines', () => bench.fileOf(bombOf('\n', 128)), 0],
  ])('%s', async (_, file, rejected) => {
    const run = bench.sandbox.start('producer', ['--file', await file()]);
    const memory = await peakMemory(run);
    await run.succeeds();
    expect(memory).toBeGreaterThan(20);
    expect(memory).toBeLessThan(MOST_MEMORY);
    await run.logged(new RegExp(`^finished: ${2 + rejected} rows read, 2 published`));
    if (rejected) await run.logged(/^row 2 \(line 2\) rejected: the row is longer than 1048576 /);
    expect((await bench.published()).map(([, email]) => email)).toEqual(EMAILS);
  });

  it.each<[string, () => Promise<string> | string]>([
    ['/dev/zero', () => '/dev/zero'],
    ['a gzip bomb', () => bench.fileOf(bombOf('\0').subarray(gzipSync(FIRST).length))],
    ['a brotli bomb', () => bench.fileOf(brotliCompressSync(Buffer.alloc(64 * MiB)))],
  ])('%s is refused as no text', async (_, file) => {
    const run = bench.sandbox.start('producer', ['--file', await file()]);
    const memory = await peakMemory(run);
    expect(await run.exit).toBe(1);
    expect(run.stderr).toMatch(/^error: --file \S+ is [^\n]*text[^\n]*\n$/);
    expect(memory).toBeLessThan(MOST_MEMORY);
  });
});
