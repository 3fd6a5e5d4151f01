import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Announcement, parseAnnouncement } from '@csv2db/libs/announcement.ts';
import { HEADERS } from '@csv2db/libs/message.ts';
import { originOf } from '@csv2db/libs/origin.ts';
import type { RowRange } from '@csv2db/libs/ranges.ts';
import { describe, expect, it } from 'vitest';
import { manage, until } from './sandbox.ts';
import { workbench } from './workbench.ts';

const bench = workbench();

/** Rows, of which each whose number is a multiple is rejected. */
const rowsOf = (count: number, every = 10): string =>
  Array.from(
    { length: count },
    (_, n) => `N,${(n + 1) % every === 0 ? 'bad' : `${n}@b.cd`}\n`,
  ).join('');

/** What the messages of the queue tell the ledger. */
async function told() {
  const { messages, ledger } = await bench.sandbox.takeAll();
  const headers = [...messages, ...ledger].map(({ properties }) => properties.headers ?? {});
  const announcements = ledger
    .map(({ properties }) => parseAnnouncement(properties.headers?.[HEADERS.announcement]))
    .filter((announcement) => announcement !== undefined);
  const origins = headers
    .map((header) => originOf(header))
    .filter((origin) => origin !== undefined);
  return {
    ledger,
    announcements,
    opening: announcements.filter(({ ended }) => ended === undefined),
    closing: announcements.filter(({ ended }) => ended !== undefined),
    imports: [...new Set(origins.map(({ importId }) => importId))],
    rows: numbersIn(origins.flatMap(({ rows }) => rows ?? [])),
    rejected: numbersIn(origins.flatMap(({ rejected }) => rejected)),
  };
}

function numbersIn(ranges: readonly RowRange[]): number[] {
  const numbers = ranges.flatMap(({ first, end }) =>
    Array.from({ length: end - first }, (_, index) => first + index),
  );
  return numbers.toSorted((a, b) => a - b);
}

const numbers = (from: number, to: number): number[] => numbersIn([{ first: from, end: to + 1 }]);
const times = ({ begun, ended = '' }: Announcement): number[] => [begun, ended].map(Date.parse);

describe('an import announces', () => {
  it.each([1, 7])(
    'its files as it begins and its rows as it ends, and each row is told, with %i in a message',
    async (rowsPerMessage) => {
      const text = rowsOf(25);
      const file = await bench.fileOf(text);
      const flags = ['--rows-per-message', `${rowsPerMessage}`];
      const { status, summary, output } = await bench.produce(['--file', file, ...flags]);
      expect(status, output).toBe(0);
      expect(summary).toMatchObject({ read: 25, published: 23, rejected: 2 });
      const { ledger, opening, closing, imports, rows, rejected } = await told();
      for (const { content, fields, properties } of ledger) {
        expect(content).toHaveLength(0);
        expect(fields).toMatchObject({ exchange: '', routingKey: 'csv2db' });
        expect(properties).toMatchObject({
          contentType: 'application/vnd.csv2db.ledger',
          deliveryMode: 2,
        });
      }
      const files = [{ name: file, bytes: text.length }];
      const common = { files, fileCount: 1, bytes: text.length, firstRow: 1 };
      const estimate = { lastRow: 25, madeAt: 25 };
      expect(opening).toEqual([{ ...common, begun: expect.any(String) as string, estimate }]);
      expect(closing).toEqual([
        {
          ...common,
          begun: opening[0]?.begun,
          ended: expect.any(String) as string,
          lastRow: 25,
        },
      ]);
      const [begun = 0, ended = 0] = closing[0] ? times(closing[0]) : [];
      expect(ended).toBeGreaterThanOrEqual(begun);
      expect(imports).toHaveLength(1);
      expect(rejected).toEqual([10, 20]);
      expect(rows).toEqual(numbers(1, 25).filter((row) => row % 10 !== 0));
    },
  );

  it('rejected rows that no message is beside, in one without rows that does not count', async () => {
    const file = await bench.fileOf('a,bad\nb,bad\n');
    const { status, summary, stderr } = await bench.produce(['--file', file]);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/nothing of .* was published/)]);
    expect(summary).toMatchObject({ read: 2, published: 0, rejected: 2 });
    const { rows, rejected, closing } = await told();
    expect([rows, rejected]).toEqual([[], [1, 2]]);
    expect(closing).toMatchObject([{ lastRow: 2 }]);
  });

  it('where it begins behind rows that are left out, and ends at a limit', async () => {
    const file = await bench.fileOf(rowsOf(100));
    await bench.produce(['--file', file, '--offset', '30', '--limit', '20']);
    const { opening, closing } = await told();
    expect(opening).toMatchObject([{ firstRow: 31, estimate: { lastRow: 50 } }]);
    expect(closing).toMatchObject([{ firstRow: 31, lastRow: 50 }]);
  });

  it('its end alone where it has no row', async () => {
    const file = await bench.fileOf('');
    await bench.produce(['--file', file]);
    const { opening, closing } = await told();
    expect(opening).toEqual([]);
    expect(closing).toMatchObject([{ firstRow: 1, lastRow: 0, bytes: 0 }]);
  });

  it('several files, the first twenty by name, and no size of a pipe', async () => {
    const long = 'n'.repeat(240);
    for (let n = 10; n < 35; n += 1) await bench.fileOf('A,a@b\n', `${n}${long}.csv`);
    const pattern = join(bench.folder, '*.csv');
    const flags = ['--file', pattern, '--file', '-'];
    const run = bench.sandbox.start('producer', flags, {}, { stdin: 'pipe' });
    run.stdin.end('B,b@c\n');
    await run.succeeds();
    const [closing] = (await told()).closing;
    expect(closing).toMatchObject({ fileCount: 26, lastRow: 26 });
    expect(closing).toMatchObject({ bytes: undefined });
    expect(closing?.files).toHaveLength(20);
    for (const { name, bytes } of closing?.files ?? []) {
      expect(name).toMatch(/^….*n{100}\.csv$/);
      expect(name.length).toBeLessThanOrEqual(250);
      expect(bytes).toBe(6);
    }
  });
});

describe('on its way, an import announces what its last row may be', () => {
  const ROWS = 20_000;
  const text = rowsOf(ROWS);

  it('by the bytes that its rows take, ever more exactly', async () => {
    const file = await bench.fileOf(text);
    await bench.produce(['--file', file, '--parallel', '1']);
    const { opening, closing } = await told();
    expect(closing).toMatchObject([{ lastRow: ROWS, estimate: undefined }]);
    const estimates = opening.map(({ estimate }) => estimate);
    // in front of blocks of 8 KiB: the first, the eighth, and so on
    const blocks = estimates.map((estimate) =>
      Math.round(text.split('\n', estimate?.madeAt).join('\n').length / 8192),
    );
    expect(blocks).toEqual([1, 8, 10, 13, 17, 22, 28]);
    // the first rows have shorter numbers
    const errors = estimates.map((estimate) => Math.abs((estimate?.lastRow ?? 0) / ROWS - 1));
    expect(errors[0]).toBeLessThan(0.4);
    expect(errors.at(-1)).toBeLessThan(0.05);
  });

  it('unless it is a pipe, of which nobody knows how long it is', async () => {
    const run = bench.sandbox.start('producer', ['--file', '-'], {}, { stdin: 'pipe' });
    run.stdin.end(text);
    await run.succeeds();
    const { opening } = await told();
    expect(opening).toMatchObject([{ estimate: undefined }]);
  });
});

describe('no end is announced', () => {
  it('of an import that is stopped, until it is resumed', async () => {
    const file = await bench.fileOf(rowsOf(400_000, 4_000));
    const checkpoint = `file:${join(bench.folder, 'checkpoint')}`;
    const flags = ['--file', file, '--rows-per-message', '1000', '--checkpoint', checkpoint];
    const stopped = bench.sandbox.start('producer', flags);
    await until('there are messages', async () => (await bench.sandbox.ready()) > 0);
    stopped.kill('SIGTERM');
    expect(await stopped.exit, stopped.output).toBe(143);
    const first = await told();
    expect(first.opening.length).toBeGreaterThan(0);
    expect(first.closing).toEqual([]);

    await bench.produce([...flags, '--resume']);
    const second = await told();
    expect(second.imports).toEqual(first.imports);
    const begun = first.opening[0]?.begun;
    for (const opening of second.opening) expect(opening).toMatchObject({ begun, firstRow: 1 });
    expect(second.closing).toMatchObject([{ begun, firstRow: 1, lastRow: 400_000 }]);
    expect([...first.rejected, ...second.rejected]).toEqual(numbers(1, 100).map((n) => n * 4_000));

    // nothing is left to do
    await bench.produce([...flags, '--resume']);
    const third = await told();
    expect(third.opening).toEqual([]);
    expect(third.closing).toMatchObject([{ begun, lastRow: 400_000 }]);
  });

  it('of an import with too many rejected rows', async () => {
    const file = await bench.fileOf(rowsOf(100));
    const { status } = await bench.produce(['--file', file, '--max-rejects', '9']);
    expect(status).toBe(1);
    const { opening, closing } = await told();
    expect([opening.length, closing.length]).toEqual([1, 0]);
  });
});

it('what is announced is sent again in the next session where the first one is lost', async () => {
  const file = join(bench.folder, 'rows.csv');
  await writeFile(file, rowsOf(10));
  const { sandbox } = bench;
  // as long as the queue is full, nothing is confirmed
  await manage('PUT', `policies/${sandbox.vhost}/full`, {
    pattern: '^csv2db$',
    definition: { 'max-length': 0 },
    'apply-to': 'queues',
  });
  const run = sandbox.start('producer', ['--file', file]);
  await run.logged(/^RabbitMQ refuses messages/);
  const connections = async (): Promise<string[]> => {
    const all = (await manage('GET', `vhosts/${sandbox.vhost}/connections`)) as {
      name: string;
      client_properties: { connection_name?: string };
    }[];
    return all
      .filter(({ client_properties: { connection_name } }) => connection_name === 'csv2db producer')
      .map(({ name }) => name);
  };
  await until('its connection is known', async () => (await connections()).length > 0);
  for (const name of await connections()) {
    await manage('DELETE', `connections/${encodeURIComponent(name)}`);
  }
  await run.logged(/connecting again/);
  await manage('DELETE', `policies/${sandbox.vhost}/full`);
  await run.succeeds();
  const { opening, closing, rows, rejected } = await told();
  expect(opening.length).toBeGreaterThanOrEqual(1);
  expect(closing).toHaveLength(1);
  expect([...new Set(rows)]).toEqual(numbers(1, 9));
  expect([...new Set(rejected)]).toEqual([10]);
});
