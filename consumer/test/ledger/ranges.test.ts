import { merged, type RowRange } from '@csv2db/libs/ranges.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toMultirange, without } from '../../src/ledger/ranges.ts';

const ranges = fc.array(
  fc.tuple(fc.nat(30), fc.nat(6)).map(([first, count]) => ({ first, end: first + count })),
  { maxLength: 12 },
);

function numbersIn(some: readonly RowRange[]): number[] {
  const all = new Set(some.flatMap(({ first, end }) => sequence(first, end)));
  return [...all].sort((a, b) => a - b);
}

function sequence(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, index) => first + index);
}

it('merged ranges hold the same numbers, in order, and none touches the next', () => {
  fc.assert(
    fc.property(ranges, (some) => {
      const result = merged(some);
      expect(result.flatMap(({ first, end }) => sequence(first, end))).toEqual(numbersIn(some));
      for (const [index, { first, end }] of result.entries()) {
        expect(first).toBeLessThan(end);
        expect(end).toBeLessThan(result[index + 1]?.first ?? Infinity);
      }
    }),
  );
});

it('what is without others holds every number that they do not, and is merged', () => {
  fc.assert(
    fc.property(ranges, ranges, (some, others) => {
      const result = without(some, others);
      const rest = numbersIn(some).filter((number) => !numbersIn(others).includes(number));
      expect(numbersIn(result)).toEqual(rest);
      expect(result).toEqual(merged(result));
    }),
  );
});

it('is written as PostgreSQL reads it', () => {
  expect(toMultirange([])).toBe('{}');
  const some = [
    { first: 1, end: 3 },
    { first: 7, end: 8 },
  ];
  expect(toMultirange(some)).toBe('{[1,3),[7,8)}');
});
