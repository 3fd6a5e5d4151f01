import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { InputWishes } from '../../src/source/inputs.ts';
import { form } from './forms.ts';
import { cutTo, lineOf, rowOf, SPELLINGS, tableOf, withEmail } from './tables.ts';

/** A file, what a user says of it, and what Python has to know. */
export interface GeneratedFile {
  bytes: Buffer;
  /** The same without its broken row, for Python; `bytes` where there is none. */
  wellFormed: Buffer;
  wishes: InputWishes;
  rowsPerMessage: number;
  blockSize: number;
  /** What Python opens it with. */
  reading: Reading;
}

export interface Reading {
  encoding: string;
  isGzip: boolean;
  delimiter: string;
  quote: string | null;
  hasHeader: boolean;
  /** Fields of each row that counts. */
  width: number;
  /** Place of each column that is sent. */
  places: number[];
}

/** A file; with a row that is broken, and is to be rejected alone, where its dialect has quotes. */
export const generatedFile = (isBroken: boolean): fc.Arbitrary<GeneratedFile> =>
  form.chain((form) =>
    fc
      .record({
        wanted: fc.shuffledSubarray([0, 1, 2], { minLength: 1 }),
        order: fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
        extra: fc.nat(2),
        rows: fc.array(rowOf(form), { maxLength: 12 }),
        ends: fc.array(fc.constantFrom(...form.lineEnds), { minLength: 15, maxLength: 15 }),
        isEndless: fc.boolean(),
        rowsPerMessage: fc.constantFrom(1, 3, 1_000),
        blockSize: fc.constantFrom(64, 100, 777, 8_192),
        spelling: fc.constantFrom(...SPELLINGS),
        breakAt: fc.integer({ min: 1, max: 12 }),
        broken: fc.constantFrom(...BROKEN),
      })
      .map(({ rows, ends, isEndless, breakAt, broken, rowsPerMessage, blockSize, ...wish }) => {
        const { width, places, columns, header } = tableOf(form, wish);
        const fields = rows.map(cutTo(width));
        const table = form.header === 'none, of contacts' ? fields.map(withEmail) : fields;
        const lines = [...(header ? [header] : []), ...table].map((row) => lineOf(row, form));
        const bytesOf = (lines: string[]): Buffer => {
          const last = isEndless ? lines.length - 1 : Infinity;
          const text = lines.map((line, at) => line + (at === last ? '' : (ends[at] ?? '')));
          const bytes = form.encode(text.join(''));
          return form.isGzip ? gzipSync(bytes) : bytes;
        };
        const { quote, delimiter } = form;
        const wellFormed = bytesOf(lines);
        const line = quote === undefined ? '' : broken(quote);
        const isThere = isBroken && line !== '' && breakAt < lines.length;
        return {
          bytes: isThere ? bytesOf(lines.toSpliced(breakAt, 0, line)) : wellFormed,
          wellFormed,
          wishes: {
            columns,
            header: header ? (form.header === 'by place' ? 'yes' : 'auto') : 'no',
            delimiter: form.isAuto ? undefined : delimiter,
            quote,
            encoding: form.wish,
          },
          reading: {
            encoding: form.python,
            isGzip: form.isGzip,
            delimiter,
            quote: quote ?? null,
            hasHeader: header !== undefined,
            width,
            places,
          },
          rowsPerMessage,
          blockSize,
        };
      }),
  );

/** Rows that are not well-formed. */
const BROKEN: ((quote: string) => string)[] = [
  (quote) => `late${quote}quote`,
  (quote) => `${quote}closed${quote}and more`,
];
