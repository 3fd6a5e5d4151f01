import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toCsv } from '../../src/csv/records.ts';
import { parseRows } from '../../src/csv/rows.ts';

describe('rows as CSV', () => {
  it('are the same rows when they are read, NULL and the empty string among them', () => {
    const value = fc.oneof(
      fc.constantFrom(null, '', '"', '""', ',', '\n', 'a\r\nb', ' '),
      fc.string({ unit: 'grapheme', maxLength: 5 }),
    );
    const table = fc
      .integer({ min: 2, max: 5 })
      .chain((width) => fc.array(fc.array(value, { minLength: width, maxLength: width })));
    fc.assert(
      fc.property(table, (rows) => {
        const { bytes, ends } = toCsv(rows);
        expect(parseRows(bytes, true, Infinity, { emptyIsNull: true }).rows).toEqual(rows);
        expect(ends.at(-1) ?? 0).toBe(bytes.length);
      }),
      { seed: 16, numRuns: 2_000 },
    );
  });
});
