import { COMMAS } from '@csv2db/libs/csv/dialect.ts';
import { CONTACT_COLUMNS, CONTENT_TYPE } from '@csv2db/libs/message.ts';
import { originOf } from '@csv2db/libs/origin.ts';
import type { RowRange } from '@csv2db/libs/ranges.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Message } from '../src/pack.ts';
import { headersOf } from '../src/publish.ts';
import { shipmentOf } from '../src/shipments.ts';
import { plainRows } from '../src/source/plain.ts';
import type { RowSpan } from '../src/source/position.ts';
import { toValues } from '../src/values.ts';
import { type Shipment, Worklist } from '../src/worklist.ts';
import { chunksOf } from './source/chunks.ts';

const IMPORT = { importId: 'i', columns: undefined };

/** Every second file has no row that is rejected, in long runs. */
const file = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 1, max: 12 }).map((count) => good(count)) },
      {
        weight: 3,
        arbitrary: fc.integer({ min: 1, max: 9 }).map((count) => 'bad\n'.repeat(count)),
      },
      { weight: 1, arbitrary: fc.constantFrom('\n', '"Two\nlines",a@b\n', ',a@b\n') },
      { weight: 1, arbitrary: fc.integer({ min: 60, max: 300 }).map((size) => long(size)) },
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''));

const good = (count: number): string => 'Ann,a@b\n'.repeat(count);
const long = (size: number): string => `${'x'.repeat(size)},a@b\n`;

const reading = fc.record({
  blockSize: fc.integer({ min: 1, max: 400 }),
  rowsPerMessage: fc.constantFrom(1, 2, 3, 7, 1_000),
  /** What the broker takes, as it says by and by, and which of the messages it confirms then. */
  tries: fc.array(
    fc.record({
      mostBytes: fc.oneof(fc.constant(Infinity), fc.integer({ min: 30, max: 500 })),
      isConfirmed: fc.func(fc.boolean()),
    }),
    { maxLength: 4 },
  ),
});

/** Every message that is confirmed in the end, of shipments that come back in part. */
async function confirmed(text: string, { blockSize, rowsPerMessage, tries }: Reading) {
  const layout = { dialect: COMMAS, width: 2, places: [0, 1] };
  const rules = { checksContacts: true, isTrimmed: false, nullText: '' };
  const plain = plainRows(CONTACT_COLUMNS, layout, rules);
  const convert = toValues(CONTACT_COLUMNS, layout, rules);
  async function* fresh(): AsyncGenerator<Shipment, void> {
    const chunks = chunksOf(text, blockSize, { dialect: COMMAS, plain });
    for await (const chunk of chunks) {
      yield shipmentOf([chunk], convert, CONTACT_COLUMNS, rowsPerMessage);
    }
  }
  const worklist = new Worklist(fresh());
  const outcome = { messages: [] as Message[], rejected: [] as number[], settled: [] as RowSpan[] };
  for (let time = 0; !worklist.isEmpty; time += 1) {
    const shipment = await worklist.take();
    if (!shipment) continue;
    outcome.rejected.push(...shipment.rejects.map(({ row }) => row));
    const { mostBytes = Infinity, isConfirmed = () => true } = tries[time] ?? {};
    worklist.limitBodies(mostBytes);
    const unconfirmed = shipment.messages.filter((message) => !isConfirmed(message.firstRow));
    outcome.messages.push(...shipment.messages.filter((message) => !unconfirmed.includes(message)));
    if (unconfirmed.length > 0) worklist.giveBack(shipment, unconfirmed);
    else outcome.settled.push(shipment.chunk);
  }
  return outcome;
}

type Reading = typeof reading extends fc.Arbitrary<infer Value> ? Value : never;

const numbersIn = ({ first, end }: RowRange): number[] =>
  Array.from({ length: end - first }, (_, index) => first + index);
const ascending = (numbers: number[]): number[] => numbers.toSorted((a, b) => a - b);

it('messages tell of every row once that it is sent or rejected, however they are cut and confirmed', async () => {
  let [withRejects, withoutRows, split] = [0, 0, 0];
  const property = fc.asyncProperty(file, reading, async (text, reading) => {
    const { messages, rejected, settled } = await confirmed(text, reading);
    const last = settled.reduce((most, { lastRow }) => Math.max(most, lastRow), 0);
    const origins = messages.map((message) => originOf(headersOf(message, IMPORT)));
    const sent = origins.flatMap((origin) => (origin?.rows ? numbersIn(origin.rows) : []));
    const told = origins.flatMap((origin) => origin?.rejected.flatMap(numbersIn) ?? []);
    expect(ascending([...sent, ...told])).toEqual(numbersIn({ first: 1, end: last + 1 }));
    expect(ascending(told)).toEqual(ascending(rejected));
    for (const { rows, body, contentType } of messages) {
      expect(contentType === CONTENT_TYPE.ledger).toBe(rows === 0);
      expect(body.length === 0).toBe(rows === 0);
    }
    withRejects += Number(told.length > 0);
    withoutRows += messages.filter(({ rows }) => rows === 0).length;
    split += Number(reading.tries.some(({ mostBytes }) => mostBytes < 500));
  });
  await fc.assert(property, { numRuns: 1_000, seed: 1 });
  expect([withRejects, withoutRows, split].every((count) => count > 200)).toBe(true);
});

it('rejected rows between two messages are told by the later one, and those at the end by the last', () => {
  const rows = ['bad', 'Ann,a@b', 'bad', 'bad', 'Bob,b@b', 'bad'].map((row) => row.split(','));
  const start = { file: 0, rows: 0, lines: 0, bytes: 0 };
  const bytes = Buffer.from(rows.map((row) => `${row.join()}\n`).join(''));
  const layout = { width: 2, places: [0, 1] };
  const rules = { checksContacts: true, isTrimmed: false, nullText: '' };
  const { messages } = shipmentOf(
    [{ kind: 'parsed', firstRow: 1, start, rows, bytes, starts: undefined }],
    toValues(CONTACT_COLUMNS, layout, rules),
    CONTACT_COLUMNS,
    5,
  );
  expect(messages.map((message) => headersOf(message, IMPORT))).toEqual([
    { 'x-csv2db-import': 'i', 'x-csv2db-row': 2, 'x-csv2db-rejected-before': 1 },
    {
      'x-csv2db-import': 'i',
      'x-csv2db-row': 5,
      'x-csv2db-rejected-before': 2,
      'x-csv2db-rejected-after': 1,
    },
  ]);
});
