import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox, until } from '../../../test/sandbox.ts';

const ROWS = 20_000;
let sandbox: Sandbox;
let folder: string;
let file: string;
let checkpoint: string;

beforeEach(async () => {
  sandbox = await Sandbox.create();
  folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
  file = join(folder, 'rows.csv');
  checkpoint = join(folder, 'state/checkpoint.json');
  await writeFile(file, Array.from({ length: ROWS }, (_, n) => rowText(n + 1)).join(''));
});

afterEach(async () => {
  await sandbox.destroy();
  await rm(folder, { recursive: true });
});

/** Every hundredth row is bad, and some span two lines. */
function rowText(row: number): string {
  if (row % 100 === 0) return `Bad ${row},bad\n`;
  return row % 7 === 0 ? `"Name\n${row}",${row}@example.com\n` : `Name ${row},${row}@example.com\n`;
}

const isGood = (row: number): boolean => row % 100 !== 0;
const goodRows = (from: number, to: number): number =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n).filter(isGood).length;

async function produce(...args: string[]) {
  await sandbox.declareQueue();
  const run = sandbox.start('producer', [
    '--file',
    file,
    '--checkpoint',
    `file:${checkpoint}`,
    ...args,
  ]);
  const status = await run.exit;
  return {
    status,
    run,
    summary: run.log.find(({ msg }) => /^(finished|stopped)/.test(String(msg))),
  };
}

/** The numbers of the rows in the queue, from the headers, in order. */
async function publishedRows(): Promise<number[]> {
  const messages = await sandbox.take();
  return messages
    .map(({ properties }) => Number(properties.headers?.['x-csv2db-row']))
    .toSorted((a, b) => a - b);
}

describe('--offset and --limit', () => {
  it('take some rows of the file, whose numbers count from its start', async () => {
    const { status, run, summary } = await produce('--offset', '150', '--limit', '100');
    expect(status, run.output).toBe(0);
    expect(summary).toMatchObject({ read: 100, published: 99, rejected: 1 });
    const rows = await publishedRows();
    expect([rows[0], rows.at(-1), rows.length]).toEqual([151, 250, 99]);
    await run.logged(/^row 200 \(line 228\) rejected/);
  });

  it.each([
    ['an offset of all rows', ['--offset', `${ROWS}`]],
    ['a limit of 0', ['--limit', '0']],
  ])('%s takes none', async (_, args) => {
    const { status, summary } = await produce(...args);
    expect(status).toBe(0);
    expect(summary).toMatchObject({ read: 0, published: 0 });
  });

  it('an offset of the last row but one takes one', async () => {
    await produce('--offset', `${ROWS - 2}`);
    expect(await publishedRows()).toEqual([ROWS - 1]);
  });
});

describe('--resume', () => {
  it('goes on behind the rows of the last import, as the same import', async () => {
    await produce('--limit', '12345');
    const first = await sandbox.take();
    const { status, summary, run } = await produce('--resume');
    expect(status, run.output).toBe(0);
    expect(summary).toMatchObject({ read: ROWS - 12_345, resent: 0 });
    const rest = await sandbox.take();
    expect(first.length + rest.length).toBe(goodRows(1, ROWS));
    const imports = new Set(
      [...first, ...rest].map(({ properties }) => String(properties.headers?.['x-csv2db-import'])),
    );
    expect(imports.size).toBe(1);
  });

  it('has nothing to do behind a whole import', async () => {
    await produce();
    const { status, summary } = await produce('--resume');
    expect(status).toBe(0);
    expect(summary).toMatchObject({ read: 0, published: 0 });
  });

  it('goes on where a signal stopped the import, and sends nothing twice', async () => {
    await sandbox.declareQueue();
    const stopped = sandbox.start('producer', [
      '--file',
      file,
      '--checkpoint',
      `file:${checkpoint}`,
    ]);
    await until('there are messages', async () => (await sandbox.ready()) > 0);
    stopped.kill('SIGTERM');
    expect(await stopped.exit).toBe(143);
    await produce('--resume');
    const rows = await publishedRows();
    expect(rows).toHaveLength(goodRows(1, ROWS));
    expect(new Set(rows).size).toBe(rows.length);
  });

  it.each<[string, () => Promise<void>, RegExp]>([
    [
      'has grown',
      () => appendFile(file, 'More,more@example.com\n'),
      /it has \d+ bytes, and had \d+/,
    ],
    ['begins differently', () => replace('Name 1,', 'Nome 1,'), /it begins differently/],
    [
      'differs around that row',
      () => replace('Name 12340,', 'Nome 12340,'),
      /it differs around row 12345/,
    ],
  ])('refuses a file that %s', async (_, change, reason) => {
    await produce('--limit', '12345');
    await change();
    const { status, run } = await produce('--resume');
    expect(status).toBe(1);
    expect(run.stderr).toMatch(/^error: --resume: \S+ is not what was checkpointed: [^\n]+\n$/);
    expect(run.stderr).toMatch(reason);
  });

  // cause: nothing in a checkpoint told it from an import of other values
  it.each<[string, string[], string[], RegExp]>([
    [
      'other columns',
      [],
      ['--columns', 'email,name', '--rules', 'contact'],
      /with --columns name=1,email=2 of 2, and would be with --columns email=1,name=2 of 2\./,
    ],
    [
      'the same under another name',
      ['--rules', 'none'],
      ['--columns', 'name,mail'],
      /with --columns name=1,email=2 of 2, and would be with --columns name=1,mail=2 of 2\./,
    ],
    [
      'another first row',
      [],
      ['--header', 'yes', '--columns', 'name="Name 1",email=2'],
      /header no/,
    ],
    ['other rules', [], ['--rules', 'none'], /--rules contact, and would be with --rules none\./],
    ['trimmed fields', [], ['--trim'], /--trim=false, and would be with --trim=true\./],
    ['another NULL', [], ['--null', 'x'], /with --null "", and would be with --null "x"\./],
  ])('refuses %s', async (_, before, now, reason) => {
    await produce('--limit', '10', ...before);
    await sandbox.take();
    const { status, run } = await produce('--resume', ...now);
    expect(status, run.output).toBe(1);
    expect(run.stderr).toMatch(
      /^error: --resume: \S+ is not what was checkpointed: it was read [^\n]+\n$/,
    );
    expect(run.stderr).toMatch(reason);
    expect(await publishedRows()).toEqual([]);
  });

  it('takes the same columns in other words', async () => {
    await produce('--limit', '10');
    const { status, run } = await produce(
      '--resume',
      '--columns',
      'name=1,email=2',
      '--header',
      'no',
    );
    expect(status, run.output).toBe(0);
  });

  it('begins at the start, and says so, where no checkpoint is', async () => {
    const { run, summary } = await produce('--resume');
    await run.logged(/^no checkpoint of \S+ is in \S+: importing it from its start$/);
    expect(summary).toMatchObject({ read: ROWS });
  });

  it('refuses a checkpoint that is not one', async () => {
    await produce('--limit', '1');
    await writeFile(checkpoint, '{"version":9,"importId":"x"}');
    const { status, run } = await produce('--resume');
    expect(status).toBe(1);
    expect(run.stderr).toMatch(/holds no checkpoint of this version/);
  });

  it('uses the state folder of the user by default', async () => {
    const env = { XDG_STATE_HOME: join(folder, 'state'), FC_PRODUCER_CHECKPOINT: '' };
    const first = sandbox.start('producer', ['--file', file, '--limit', '10'], env);
    expect(await first.exit).toBe(0);
    const second = sandbox.start('producer', ['--file', file, '-resume', '--limit', '10'], env);
    expect(await second.exit).toBe(0);
    expect((await publishedRows()).at(-1)).toBe(20);
  });

  async function replace(text: string, other: string): Promise<void> {
    await writeFile(file, (await readFile(file, 'utf8')).replace(text, other));
  }
});

it('a checkpoint that can not be saved is a warning, and the import goes on', async () => {
  await writeFile(join(folder, 'state'), 'not a folder');
  const { status, run, summary } = await produce();
  expect(status, run.output).toBe(0);
  expect(summary).toMatchObject({ read: ROWS });
  await run.logged(/^the checkpoint can't be saved to \S+, the import goes on: /);
});

it('a queue that is full is waited for', async () => {
  await sandbox.channel.assertQueue('csv2db', {
    durable: true,
    arguments: { 'x-max-length': 5_000, 'x-overflow': 'reject-publish' },
  });
  const producer = sandbox.start('producer', ['--file', file]);
  await producer.logged(/^RabbitMQ refuses messages, the queue may be full: trying again$/);
  const seen = new Set<number>();
  await until('every row came', async () => {
    for (const row of await publishedRows()) seen.add(row);
    return seen.size === goodRows(1, ROWS);
  });
  await producer.succeeds();
});

it('a queue that stays full for longer than --retry-for ends the import with status 1', async () => {
  await sandbox.declareQueue();
  await sandbox.channel.deleteQueue('csv2db');
  await sandbox.channel.assertQueue('csv2db', {
    durable: true,
    arguments: { 'x-max-length': 10, 'x-overflow': 'reject-publish' },
  });
  const { status, run } = await produce('--retry-for', '2s');
  expect(status).toBe(1);
  expect(run.stderr).toMatch(
    /^error: RabbitMQ refuses messages: the queue may be full; \d+ rows are processed/,
  );
});
