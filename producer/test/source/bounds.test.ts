import type { Values } from '@csv2db/libs/csv/records.ts';
import { MalformedRow } from '@csv2db/libs/csv/rows.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placesOf } from '../../src/source/lines.ts';
import { parsedChunksOf } from './chunks.ts';

interface ReadRow {
  line: number;
  /** Undefined when it is malformed. */
  fields: Values | undefined;
}

/**
 * Reads a file as the rule says it, character by character, and as a whole: a quote is one only
 * where a field begins; a row ends with a line break outside quotes; a field that is not closed, or
 * has text behind its quote, ends its row with the first line break in it.
 */
function readByCharacter(file: string): ReadRow[] {
  const rows: ReadRow[] = [];
  let at = 0;
  let line = 1;
  const isBreak = (index: number): boolean => file[index] === '\n' || file[index] === '\r';
  /** The next line break at an offset or behind it, and the offset behind that. */
  const breakFrom = (from: number): { at: number; behind: number } => {
    let index = from;
    while (index < file.length && !isBreak(index)) index += 1;
    const length = file.startsWith('\r\n', index) ? 2 : 1;
    return { at: index, behind: Math.min(index + length, file.length) };
  };

  function readRow(): Values | undefined {
    const fields: string[] = [];
    for (;;) {
      let field = '';
      if (file[at] === '"') {
        const opened = at;
        at += 1;
        while (at < file.length && (file[at] !== '"' || file[at + 1] === '"')) {
          field += file.charAt(at);
          at += file[at] === '"' ? 2 : 1;
        }
        const isClosed = at < file.length;
        const quote = at;
        at += 1;
        if (!isClosed || !(at >= file.length || file[at] === ',' || isBreak(at))) {
          const first = breakFrom(opened).at;
          at = first < quote ? first : isClosed ? at : file.length;
          return undefined;
        }
      } else {
        while (at < file.length && file[at] !== ',' && !isBreak(at)) {
          if (file[at] === '"') return undefined;
          field += file.charAt(at);
          at += 1;
        }
      }
      fields.push(field);
      if (file[at] !== ',') return fields;
      at += 1;
    }
  }

  while (at < file.length) {
    const began = { at, line };
    if (isBreak(at)) {
      at = breakFrom(at).behind;
    } else {
      const fields = readRow();
      rows.push({ line: began.line, fields });
      at = breakFrom(at).behind;
    }
    line += file.slice(began.at, at).split(/\r\n|\r|\n/).length - 1;
  }
  return rows;
}

async function readInBlocks(file: string, size: number, maxRow?: number): Promise<ReadRow[]> {
  const all: ReadRow[] = [];
  for await (const chunk of parsedChunksOf(file, size, {
    ...(maxRow !== undefined && { maxRow }),
  })) {
    expect(chunk.firstRow).toBe(all.length + 1);
    const places = placesOf(chunk);
    for (const [index, row] of chunk.rows.entries()) {
      const fields = row instanceof MalformedRow ? undefined : row;
      all.push({ line: places[index]?.line ?? Number.NaN, fields });
    }
  }
  return all;
}

/** Rows of 1 to 5 fields, in and out of quotes, and broken by a quote anywhere. */
const brokenFile = fc
  .array(
    fc.oneof(
      fc.constantFrom('\n', '\r\n', '\r'),
      fc
        .tuple(
          fc.array(
            fc.constantFrom(
              'a',
              'é',
              '',
              ' b',
              '"c"',
              '"d,e"',
              '"f\ng"',
              '"h\r\ni"',
              '"l\rm"',
              '"j""k"',
              '""',
            ),
            { minLength: 1, maxLength: 5 },
          ),
          fc.option(fc.nat(20)),
          fc.constantFrom('\n', '\r\n', '\r'),
        )
        .map(([fields, quoteAt, end]) => {
          const row = fields.join(',');
          const at = quoteAt === null ? undefined : quoteAt % (row.length + 1);
          return `${at === undefined ? row : `${row.slice(0, at)}"${row.slice(at)}`}${end}`;
        }),
    ),
    { maxLength: 12 },
  )
  .chain((rows) => fc.tuple(fc.constant(rows.join('')), fc.boolean()))
  .map(([file, isCut]) => (isCut ? file.trimEnd() : file));

describe('each row has one outcome, its number and its line:', () => {
  // csv-parse tells where a malformed field begins, not where its row does
  it('a reader by characters agrees, whatever is broken, for every size of blocks', async () => {
    await fc.assert(
      fc.asyncProperty(brokenFile, fc.integer({ min: 1, max: 80 }), async (file, size) => {
        expect(await readInBlocks(file, size)).toEqual(readByCharacter(file));
      }),
      { numRuns: 5_000, seed: 1 },
    );
  });

  it('the size of blocks changes nothing, also where rows are longer than they may be', async () => {
    await fc.assert(
      fc.asyncProperty(
        brokenFile,
        fc.integer({ min: 1, max: 80 }),
        fc.integer({ min: 1, max: 20 }),
        async (file, size, maxRow) => {
          const whole = await readInBlocks(file, file.length + 1, maxRow);
          expect(await readInBlocks(file, size, maxRow)).toEqual(whole);
        },
      ),
      { numRuns: 5_000, seed: 1 },
    );
  });
});
