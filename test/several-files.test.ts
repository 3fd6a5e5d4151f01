import { execFile } from 'node:child_process';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { until } from './sandbox.ts';
import { workbench } from './workbench.ts';

const bench = workbench();
const ROWS = 2_000;

/** So many rows, whose emails begin with a letter; some have two lines. */
function rows(letter: string, count = ROWS, delimiter = ','): string {
  return Array.from({ length: count }, (_, n) => {
    const name = n % 9 === 0 ? `"Two\nlines ${n}"` : `Name ${n}`;
    return `${name}${delimiter}${letter}${n + 1}@b\n`;
  }).join('');
}

const emails = (letter: string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => `${letter}${from + n}@b`);

const published = async (): Promise<string[]> =>
  (await bench.published()).map(([, email]) => email);

/** The flags that name these files, in this order. */
const named = (...files: string[]): string[] => files.flatMap((file) => ['--file', file]);

describe('rows of several files', () => {
  it('are counted through all of them, by --offset and --limit too', async () => {
    const files = [
      await bench.fileOf(rows('a', 5), '1.csv'),
      await bench.fileOf(`name,email\n${rows('b', 5)}`, '2.csv'),
      await bench.fileOf(gzipSync(rows('c', 5, ';')), '3.csv'),
    ];
    const { summary } = await bench.produce([...named(...files), '--offset', '3', '--limit', '9']);
    expect(summary).toMatchObject({ read: 9, published: 9 });
    expect(await bench.published()).toEqual([
      [4, 'a4@b'],
      [5, 'a5@b'],
      ...emails('b', 1, 5).map((email, n) => [6 + n, email]),
      [11, 'c1@b'],
      [12, 'c2@b'],
    ]);
  });

  it('have to be as many as --offset leaves out, and nothing is told of an end', async () => {
    const file = await bench.fileOf(rows('a', 5));
    const few = await bench.produce([...named(file), '--offset', '6']);
    expect(few.status).toBe(1);
    expect(few.stderr).toBe(`error: --offset 6: ${file} has only 5 rows\n`);
    const { ledger } = await bench.sandbox.takeAll();
    const announced = ledger.map(({ properties }) =>
      String(properties.headers?.['x-csv2db-announcement']),
    );
    expect(announced.filter((one) => one.includes('ended'))).toEqual([]);
    for (const enough of [
      ['--offset', '5'],
      ['--offset', '6', '--limit', '0'],
    ]) {
      const { status, summary } = await bench.produce([...named(file), ...enough]);
      expect(status).toBe(0);
      expect(summary).toMatchObject({ read: 0 });
    }
  });

  it('go on behind a file that has none', async () => {
    const files = [
      await bench.fileOf('', '1.csv'),
      await bench.fileOf('A,a@b\n', '2.csv'),
      await bench.fileOf('', '3.csv'),
      await bench.fileOf('email;name\n', '4.csv'),
      await bench.fileOf('\n\r\n', '5.csv'),
      await bench.fileOf('bad\nB,b@b', '6.csv'),
      await bench.fileOf(gzipSync(''), '7.csv'),
    ];
    const { status, summary, messages } = await bench.produce(named(...files));
    expect(status).toBe(0);
    expect(summary).toMatchObject({ read: 3, published: 2, rejected: 1 });
    expect(messages).toContainEqual(
      expect.stringMatching(`^row 2 \\(line 1 of ${files[5]}\\) rejected: `),
    );
    expect(await bench.published()).toEqual([
      [1, 'a@b'],
      [3, 'b@b'],
    ]);
  });

  it('are those of a pipe, where one is among them', async () => {
    const pipe = join(bench.folder, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    const files = [
      await bench.fileOf('A,a@b\n', '1.csv'),
      pipe,
      await bench.fileOf('C,c@b\n', '3.csv'),
    ];
    const checkpoint = ['--checkpoint', `file:${join(bench.folder, 'state.json')}`];
    const run = bench.sandbox.start('producer', [...named(...files), ...checkpoint]);
    await writeFile(pipe, 'B,b@b\n');
    await run.succeeds();
    expect(await published()).toEqual(['a@b', 'b@b', 'c@b']);
    await run.logged(/pipe can be read only once: no checkpoint of it is kept$/);
    const { status, stderr } = await bench.produce([...named(...files), ...checkpoint, '--resume']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: --resume: \S+pipe can be read only once[^\n]+\n$/);
  });
});

describe('an import of several files is resumed', () => {
  let files: string[];
  let state: string;
  let checkpoint: string[];
  beforeEach(async () => {
    files = [
      await bench.fileOf(rows('a'), '1.csv'),
      await bench.fileOf(`email,name\n${swapped(rows('b'))}`, '2.csv'),
      await bench.fileOf(rows('c'), '3.csv'),
    ];
    state = join(bench.folder, 'state.json');
    checkpoint = ['--checkpoint', `file:${state}`];
  });

  /** The columns the other way round. */
  const swapped = (text: string): string =>
    text.replaceAll(/("[^"]*"|[^,\n]*),([^\n]*)\n/g, '$2,$1\n');

  /** Imports the first file, and some rows of the second. */
  async function begin(some = 1_234): Promise<void> {
    const args = [...named(...files), ...checkpoint, '--limit', `${ROWS + some}`];
    expect(await bench.produce(args)).toMatchObject({ status: 0 });
    await bench.sandbox.channel.purgeQueue('csv2db');
  }

  it.each([
    ['where it stood in the second', 1_234],
    ['at the start of the second', 0],
    ['at the end of the second', ROWS],
  ])('%s', async (_, some) => {
    await begin(some);
    const again = await bench.produce([...named(...files), ...checkpoint, '--resume']);
    expect(again).toMatchObject({ status: 0, summary: { read: 2 * ROWS - some, resent: 0 } });
    const left = some < ROWS ? emails('b', some + 1, ROWS) : [];
    expect(await published()).toEqual([...left, ...emails('c', 1, ROWS)]);
  });

  it('in the middle of a gzipped one', async () => {
    files[1] = await bench.fileOf(gzipSync(rows('b')), '2.csv.gz');
    await begin();
    const again = await bench.produce([...named(...files), ...checkpoint, '--resume']);
    expect(again).toMatchObject({ status: 0, summary: { read: 2 * ROWS - 1_234 } });
    expect(await published()).toEqual([...emails('b', 1_235, ROWS), ...emails('c', 1, ROWS)]);
  });

  it('after kill -9, and every row is there', async () => {
    const args = [...named(...files), ...checkpoint];
    const run = bench.sandbox.start('producer', [...args, '--parallel', '1']);
    const saved = async (): Promise<string> => readFile(state, 'utf8').catch(() => '');
    await until('the second is known', async () => (await saved()).includes('"seek":{"file":1'));
    run.kill('SIGKILL');
    await run.exit;
    const again = await bench.produce([...args, '--resume']);
    expect(again.status).toBe(0);
    expect(Number(again.summary?.['read'])).toBeLessThanOrEqual(2 * ROWS);
    const all = [...emails('a', 1, ROWS), ...emails('b', 1, ROWS), ...emails('c', 1, ROWS)];
    expect(new Set(await published())).toEqual(new Set(all));
  });

  it('with a new one at their end', async () => {
    await begin();
    files.push(await bench.fileOf(rows('d', 5), '4.csv'));
    await bench.produce([...named(...files), ...checkpoint, '--resume']);
    expect((await published()).slice(-5)).toEqual(emails('d', 1, 5));
  });

  it.each<[string, () => Promise<string[]>, string[], RegExp]>([
    [
      'another order of the files',
      () => Promise.resolve([...files.slice(1), ...files.slice(0, 1)]),
      [],
      /3\.csv is not what was checkpointed: /,
    ],
    [
      'fewer files',
      () => Promise.resolve(files.slice(0, 1)),
      [],
      /1\.csv is not what was checkpointed: that was file 2 of more/,
    ],
    [
      'another file in front',
      async () => [await bench.fileOf(rows('0', 5), '0.csv'), ...files],
      [],
      /1\.csv is not what was checkpointed: /,
    ],
    [
      'another file in its place',
      async () => {
        await writeFile(join(bench.folder, 'new.csv'), rows('n'));
        await rename(join(bench.folder, 'new.csv'), files[1] ?? '');
        return files;
      },
      [],
      /2\.csv is not what was checkpointed: it has \d+ bytes, and had \d+/,
    ],
    [
      'another delimiter',
      () => Promise.resolve(files),
      ['--delimiter', ';', '--header', 'no'],
      /2\.csv is not what was checkpointed: it was read with --delimiter "," --header yes .*, and would be with --delimiter ";" --header no /,
    ],
    [
      'another quote',
      () => Promise.resolve(files),
      ['--quote', 'none'],
      /it was read with --quote "\\"", and would be with --quote none/,
    ],
    [
      'another encoding',
      () => Promise.resolve(files),
      ['--encoding', 'latin1'],
      /it was read with --encoding utf-8, and would be with --encoding latin1/,
    ],
  ])('and not with %s', async (_, change, args, message) => {
    await begin();
    const changed = await change();
    const again = await bench.produce([...named(...changed), ...checkpoint, ...args, '--resume']);
    expect(again.stderr).toMatch(message);
    expect(again.stderr).toMatch(/^error: --resume: [^\n]+\n$/);
    expect(again.status).toBe(1);
    expect(await published()).toEqual([]);
  });
});
