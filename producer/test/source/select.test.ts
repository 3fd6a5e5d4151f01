import { COMMAS } from '@csv2db/libs/csv/dialect.ts';
import type { RowRange } from '@csv2db/libs/ranges.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { countRows, type RowChunk } from '../../src/source/chunk.ts';
import { Selection } from '../../src/source/select.ts';
import { chunksOf } from './chunks.ts';

const ROWS = 30;
const FILE = Array.from({ length: ROWS }, (_, n) => `${n + 1}\n`).join('');

/** Ranges in ascending order, with gaps between them. */
const ranges = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 9 })))
  .map((pairs) => {
    let end = 0;
    return pairs.map(([gap, length]): RowRange => {
      const first = end + gap;
      end = first + length;
      return { first, end };
    });
  });

/** The rows of a chunk, each with its number. */
function rowsOf(chunk: RowChunk) {
  const rows = chunk.kind === 'parsed' ? chunk.rows : [];
  return rows.map((row, index) => ({ number: chunk.firstRow + index, row }));
}

it('just the rows that are wanted come through, and nothing is read behind the last of them', async () => {
  const property = fc.asyncProperty(
    ranges,
    fc.integer({ min: 1, max: 50 }),
    async (wanted, size) => {
      let [read, chunks] = [0, 0];
      async function* counted() {
        for await (const chunk of chunksOf(FILE, size, { dialect: COMMAS, plain: undefined })) {
          read += countRows(chunk);
          chunks += 1;
          yield chunk;
        }
      }
      const selection = new Selection(wanted, 0);
      const numbers: number[] = [];
      let shipments = 0;
      for await (const slices of selection.of(counted())) {
        shipments += 1;
        for (const { number, row } of slices.flatMap(rowsOf)) {
          expect(row).toEqual([`${number}`]);
          numbers.push(number);
        }
      }
      expect(shipments).toBeLessThanOrEqual(chunks);
      const isWanted = (row: number): boolean =>
        wanted.some(({ first, end }) => first <= row && row < end);
      const all = Array.from({ length: ROWS }, (_, n) => n + 1);
      expect(numbers).toEqual(all.filter(isWanted));
      const last = (wanted.at(-1)?.end ?? 1) - 1;
      expect(selection.isOver).toBe(last <= ROWS);
      if (last < ROWS) expect(read).toBeLessThan(last + size);
    },
  );
  await fc.assert(property, { numRuns: 1_000, seed: 1 });
});
