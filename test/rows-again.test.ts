import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { workbench } from './workbench.ts';

const bench = workbench();
const FILE = Array.from({ length: 100 }, (_, n) => `N,${n + 1}@b.cd\n`).join('');
const ID = ['--import-id', 'contacts:2026.1_a-b'];

/** The ids of the messages in the queue, and how many there are for the ledger alone. */
async function taken() {
  const { messages, ledger } = await bench.sandbox.takeAll();
  const ids = messages.map(({ properties }) => String(properties.messageId));
  return { ids, messages, ledger };
}

it('--import-id names the import, and --rows publishes some of its rows again as they were', async () => {
  const file = await bench.fileOf(FILE);
  const checkpoint = join(bench.folder, 'checkpoint');
  const flags = ['--file', file, '--parallel', '1', '--checkpoint', `file:${checkpoint}`, ...ID];
  await bench.produce(flags);
  const before = await taken();
  expect(before.ids).toContain('contacts:2026.1_a-b-7');
  expect(before.ledger).toHaveLength(2);

  const again = await bench.produce([...flags.slice(0, 4), ...ID, '--rows', '90-91,7,20']);
  expect(again.status, again.output).toBe(0);
  const after = await taken();
  expect(after.ledger).toEqual([]);
  const wanted = [7, 20, 90, 91].map((row) => `contacts:2026.1_a-b-${row}`);
  expect(after.ids).toEqual(wanted);
  const bodyOf = (id: string): string | undefined =>
    before.messages.find(({ properties }) => properties.messageId === id)?.content.toString();
  expect(after.messages.map(({ content }) => content.toString())).toEqual(wanted.map(bodyOf));
});

it('--rows - reads the list from standard input, and no checkpoint or rejects are written', async () => {
  const file = await bench.fileOf(FILE.replace('N,50@', ',50@'));
  const places = ['--checkpoint', `file:${join(bench.folder, 'c')}`];
  const flags = ['--file', file, ...places, ...ID, '--rows', '-', '--rows-per-message', '10'];
  const env = { FC_PRODUCER_REJECTS: undefined };
  const run = bench.sandbox.start('producer', flags, env, { stdin: 'pipe' });
  run.stdin.end('49-51,\n 99\n');
  await run.succeeds();
  const { messages } = await taken();
  const rows = messages.map(({ properties }) => Number(properties.headers?.['x-csv2db-row']));
  // many connections keep no order
  expect(rows.toSorted((a, b) => a - b)).toEqual([49, 51, 99]);
  expect(await readdir(bench.folder)).toEqual(['rows.csv']);
});

it('an empty list on standard input is nothing to do, and what is none is an error', async () => {
  const file = await bench.fileOf(FILE);
  for (const [list, status] of [
    ['\n', 0],
    ['total: 3', 1],
  ] as const) {
    const run = bench.sandbox.start(
      'producer',
      ['--file', file, ...ID, '--rows', '-'],
      {},
      { stdin: 'pipe' },
    );
    run.stdin.end(list);
    expect(await run.exit, run.output).toBe(status);
    if (status === 1) expect(run.stderr).toMatch(/standard input has no list of rows\. .*"total:"/);
  }
  expect((await taken()).ids).toEqual([]);
});

it('rows behind the end of the file are an error, once the others are published', async () => {
  const file = await bench.fileOf(FILE);
  const { status, stderr } = await bench.produce(['--file', file, ...ID, '--rows', '99-200']);
  expect(status).toBe(1);
  expect(stderr).toMatch(/--rows: .*rows\.csv has no row 101: are these the files of that import/);
  expect((await taken()).ids.toSorted()).toEqual([
    'contacts:2026.1_a-b-100',
    'contacts:2026.1_a-b-99',
  ]);
});

it('an import is resumed under its own id only', async () => {
  const file = await bench.fileOf(FILE);
  const flags = ['--file', file, '--checkpoint', `file:${join(bench.folder, 'c')}`];
  await bench.produce([...flags, ...ID, '--limit', '10']);
  const other = await bench.produce([...flags, '--import-id', 'other', '--resume']);
  expect(other.status).toBe(1);
  expect(other.stderr).toMatch(/is of the import contacts:2026\.1_a-b, not of --import-id other/);
  expect((await bench.produce([...flags, ...ID, '--resume'])).status).toBe(0);
  expect((await taken()).ids).toHaveLength(100);
});

it.each([
  [['--rows', '1'], /--rows needs --import-id/],
  [['--rows', '1', ...ID, '--resume'], /--rows and --resume exclude each other/],
  [['--rows', '1', ...ID, '--offset', '1'], /--rows and --offset exclude each other/],
  [['--rows', '1', ...ID, '--limit', '1'], /--rows and --limit exclude each other/],
  [['--rows', '2-1', ...ID], /--rows.*"2-1" is none/],
  [['--rows', '-', ...ID, '--file', '-'], /--file - and --rows - exclude each other/],
  [['--import-id', 'a b'], /--import-id.*letters, digits/],
  [['--import-id', 'x'.repeat(101)], /--import-id.*1 to 100/],
])('%j is an error', async (args, message) => {
  const file = await bench.fileOf(FILE);
  const checkpoint = ['--checkpoint', `file:${join(bench.folder, 'c')}`];
  const { status, stderr } = await bench.produce(['--file', file, ...checkpoint, ...args]);
  expect(status).toBe(1);
  expect(stderr).toMatch(message);
});
