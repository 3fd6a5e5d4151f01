import { COMMAS } from '@csv2db/libs/csv/dialect.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Message } from '../src/pack.ts';
import { shipmentOf } from '../src/shipments.ts';
import { plainRows } from '../src/source/plain.ts';
import type { RowSpan } from '../src/source/position.ts';
import { rowsBehind, Selection } from '../src/source/select.ts';
import type { Reject } from '../src/validate.ts';
import { toValues } from '../src/values.ts';
import { chunksOf } from './source/chunks.ts';

interface Outcome {
  messages: Message[];
  rejects: Reject[];
  /** Where each chunk lies, as checkpoints have it. */
  places: RowSpan[];
  /** Kinds of chunks that came by. */
  kinds: Set<string>;
}

/** Which columns a file has, and are sent. */
interface Form {
  columns: string[];
  width: number;
  places: number[];
}

const FORMS: Form[] = [
  { columns: ['name', 'email'], width: 2, places: [0, 1] },
  { columns: ['name', 'email'], width: 2, places: [0, 1] },
  { columns: ['email', 'name'], width: 2, places: [0, 1] },
  { columns: ['email', 'name'], width: 2, places: [1, 0] },
  { columns: ['email', 'name'], width: 3, places: [2, 1] },
  { columns: ['name', 'email', 'also'], width: 2, places: [0, 1, 1] },
  { columns: ['email'], width: 2, places: [1] },
  { columns: ['name'], width: 2, places: [0] },
  { columns: ['one'], width: 1, places: [0] },
  { columns: ['one', 'also'], width: 1, places: [0, 0] },
  { columns: ['a', 'b', 'c'], width: 3, places: [0, 1, 2] },
];

interface Reading {
  form: Form;
  delimiter: string;
  checksContacts: boolean;
  blockSize: number;
  rowsPerMessage: number;
  offset: number;
  limit: number;
}

/** What becomes of a file on one of the two ways. */
async function read(file: Buffer, reading: Reading, isPlain: boolean): Promise<Outcome> {
  const outcome: Outcome = { messages: [], rejects: [], places: [], kinds: new Set() };
  const { form, delimiter, checksContacts } = reading;
  const { columns } = form;
  const layout = { dialect: { ...COMMAS, delimiter }, ...form };
  const rules = { checksContacts, isTrimmed: false, nullText: '' };
  const plain = isPlain ? plainRows(columns, layout, rules) : undefined;
  const chunks = chunksOf(file, reading.blockSize, {
    dialect: layout.dialect,
    plain,
    maxRow: 2_000,
  });
  const selection = new Selection(rowsBehind(reading.offset, reading.limit), 0);
  for await (const slices of selection.of(chunks)) {
    const convert = toValues(columns, layout, rules);
    const shipment = shipmentOf(slices, convert, columns, reading.rowsPerMessage);
    outcome.messages.push(...shipment.messages);
    outcome.rejects.push(...shipment.rejects);
    outcome.places.push(shipment.chunk);
    for (const { kind } of slices) outcome.kinds.add(kind);
  }
  return outcome;
}

const name = fc.constantFrom(
  ...[
    'Ann',
    'Zoë 🦊',
    ' spaced ',
    'a;b',
    'T\tab',
    '\\.',
    '\\N',
    'C\\D',
    '\ufeffmark',
    'x'.repeat(300),
  ],
  ...[
    '',
    '"q, r"',
    '"say ""so"""',
    '"two\nlines"',
    'a"b',
    '"open',
    'N\0ul',
    'c\rr',
    'x'.repeat(2_100),
  ],
);
/** By one character. */
const TOO_LONG = `${'l'.repeat(250)}@b.cd`;
const email = fc.constantFrom(
  ...[
    'a@b',
    'first.last@example.com',
    `${'l'.repeat(240)}@example.org`,
    `${'l'.repeat(249)}@b.cd`,
    TOO_LONG,
  ],
  ...['', 'no-at', 'two@@b', 'a@-b', `a@${'c'.repeat(64)}`, 'ü@b', '"a@b"', '"a@b', 'a@b.', ' a@b'],
);
const plainRow = fc
  .tuple(fc.constantFrom('Ann', 'Zoë 🦊', ' spaced ', 'a;b', 'T\tab'), fc.nat(999))
  .map(([name, number]) => `${name},${number}@example.com\n`);
const anyRow = fc.oneof(
  fc
    .tuple(
      name,
      fc.oneof(fc.constant('a@b'), fc.constant(TOO_LONG), email),
      fc.constantFrom('\n', '\n', '\r\n'),
    )
    .map(([name, email, end]) => `${name},${email}${end}`),
  fc.constantFrom('\n', '\r\n', 'alone\n', 'a,b@c,d\n', ',\n', 'c\r', ',,\n'),
);
const otherWidth = fc.constantFrom('alone\n', 'a,,c\n', 'a@b,Ann\n', ',,\n', 'x,y z,\\N\n');
const notUtf8 = Buffer.from('Zoë,zoe@example.com\n', 'latin1');
/** Mostly plain rows, so that whole blocks of them come by. */
const file = fc
  .array(
    fc.oneof(
      { weight: 1, arbitrary: otherWidth.map((row) => Buffer.from(row)) },
      { weight: 40, arbitrary: plainRow.map((row) => Buffer.from(row)) },
      { weight: 3, arbitrary: anyRow.map((row) => Buffer.from(row)) },
      { weight: 1, arbitrary: fc.constant(notUtf8) },
    ),
    { maxLength: 60 },
  )
  .chain((rows) => fc.tuple(fc.constant(Buffer.concat(rows)), fc.nat(3)))
  .map(([bytes, cut]) => bytes.subarray(0, bytes.length - cut));

/** A file of names and emails with another delimiter in place of commas, and the other way round, and where it is to be wider, a column more. */
function formed(bytes: Buffer, { form, delimiter }: Reading): Buffer {
  const text = bytes.toString('latin1');
  const wider = form.width === 3 ? text.replaceAll(/^(?=[^\r\n])/gm, '7,') : text;
  const swapped = (character: string): string => (character === ',' ? delimiter : ',');
  return Buffer.from(wider.replaceAll(new RegExp(`[,${delimiter}]`, 'g'), swapped), 'latin1');
}

it('rows that are not parsed come to the same messages and rejects as parsed ones', async () => {
  let plainFiles = 0;
  const property = fc.asyncProperty(
    file,
    fc.record({
      form: fc.constantFrom<Form[]>(...FORMS),
      delimiter: fc.constantFrom(',', ',', ';', '\t'),
      checksContacts: fc.boolean(),
      blockSize: fc.integer({ min: 1, max: 600 }),
      rowsPerMessage: fc.integer({ min: 2, max: 30 }),
      offset: fc.oneof(fc.constant(0), fc.nat(50)),
      limit: fc.oneof(fc.constant(Infinity), fc.nat(50)),
    }),
    async (bytes, wish) => {
      const { columns } = wish.form;
      const isOfContacts = columns.includes('email') && columns.includes('name');
      const reading = { ...wish, checksContacts: wish.checksContacts && isOfContacts };
      const file = formed(bytes, reading);
      const [plain, parsed] = [await read(file, reading, true), await read(file, reading, false)];
      expect(plain.messages).toEqual(parsed.messages);
      expect(plain.rejects).toEqual(parsed.rejects);
      expect(plain.places).toEqual(parsed.places);
      expect(parsed.kinds).not.toContain('plain');
      plainFiles += Number(plain.kinds.has('plain'));
    },
  );
  await fc.assert(property, { numRuns: 5_000, seed: 1 });
  expect(plainFiles).toBeGreaterThan(1_000);
});
