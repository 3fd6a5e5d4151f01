import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ConfirmedPrefix } from '../src/prefix.ts';
import { type RowSpan, START } from '../src/source/position.ts';

/** Chunks of three rows, one behind the other. */
const chunks = Array.from({ length: 10 }, (_, index): RowSpan => {
  const firstRow = 3 * index + 1;
  const before = { file: 0, rows: firstRow - 1, lines: 3 * index, bytes: 100 * index };
  return { firstRow, lastRow: firstRow + 2, start: before };
});

it('the prefix ends before the first chunk that is not settled, in whatever order the others are', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(chunks), (settled) => {
      const prefix = new ConfirmedPrefix({ rows: 0, seek: START });
      const passed = settled.flatMap((chunk) => prefix.settle(chunk));
      const gap = chunks.findIndex((chunk) => !settled.includes(chunk));
      const whole = gap === -1 ? chunks.length : gap;
      expect(prefix.standing).toEqual({
        rows: 3 * whole,
        seek: chunks[whole - 1]?.start ?? START,
      });
      expect(passed).toEqual(chunks.slice(0, whole));
    }),
    { seed: 1 },
  );
});

it('a prefix that begins in the middle of a file goes on there', () => {
  const seek = { file: 0, rows: 9, lines: 9, bytes: 300 };
  const prefix = new ConfirmedPrefix({ rows: 10, seek });
  // the rest of the fourth chunk, as an import that is resumed reads it
  prefix.settle({ firstRow: 11, lastRow: 12, start: seek });
  expect(prefix.standing).toEqual({ rows: 12, seek });
});
