import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { difference, fingerprint } from '../../src/checkpoint/fingerprint.ts';
import { openSource, type Source } from '../../src/source/open.ts';

let folder: string;
let file: string;
let source: Source;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
  file = join(folder, 'rows.csv.gz');
  await writeFile(file, gzipSync(randomBytes(300_000)));
  source = await openSource(file);
});

afterEach(async () => {
  await source.close();
  await rm(folder, { recursive: true });
});

/** Changes one byte in place. */
async function change(at: number): Promise<void> {
  const handle = await open(file, 'r+');
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at);
  await handle.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, at);
  await handle.close();
}

describe('a file whose place is not known', () => {
  it('is the same while nothing of it changes', async () => {
    const then = await fingerprint(source, 'end');
    expect(difference(await fingerprint(source, 'end'), then, 'end')).toBeUndefined();
  });

  it.each<[string, number, string]>([
    ['begins', 10, 'it begins differently'],
    ['ends', -1, 'it ends differently'],
    ['ends, 64 KiB before', -64 * 1024, 'it ends differently'],
  ])('is another one where it %s differently', async (_, at, reason) => {
    const then = await fingerprint(source, 'end');
    await change(at < 0 ? then.size + at : at);
    expect(difference(await fingerprint(source, 'end'), then, 'end')).toBe(reason);
  });

  it('is another one when a row of it was edited, and its size is the same', async () => {
    const rows = (middle: string): Buffer =>
      gzipSync(`${'a'.repeat(400_000)}${middle}${'b'.repeat(400_000)}`, { level: 0 });
    await writeFile(file, rows('Ann'));
    const then = await fingerprint(source, 'end');
    await writeFile(file, rows('Eva'));
    const now = await fingerprint(source, 'end');
    expect(now.size).toBe(then.size);
    expect(difference(now, then, 'end')).toBe('it ends differently');
  });
});

it('an empty file is the same as itself', async () => {
  await writeFile(file, '');
  const then = await fingerprint(source, 'end');
  expect(difference(await fingerprint(source, 'end'), then, 'end')).toBeUndefined();
});

it('a file whose place is known is another one where it differs there', async () => {
  const then = await fingerprint(source, 200_000);
  await change(199_000);
  expect(difference(await fingerprint(source, 200_000), then, 17)).toBe('it differs around row 17');
});
