import { describe, expect, it } from 'vitest';
import { parseRowList } from '../src/row-list.ts';

const parsed = (list: string): number[][] =>
  parseRowList(list).map(({ first, end }) => [first, end - 1]);

describe('a list of rows', () => {
  it.each([
    ['7', [[7, 7]]],
    [
      '1200-1300,1400',
      [
        [1200, 1300],
        [1400, 1400],
      ],
    ],
    [
      ' 3,\n1-2 ,\r\n9\t12-12,\n',
      [
        [1, 3],
        [9, 9],
        [12, 12],
      ],
    ],
    [
      '5-9,1,7-20,20',
      [
        [1, 1],
        [5, 20],
      ],
    ],
    ['', []],
  ])('%j is in ascending order, each row once', (list, ranges) => {
    expect(parsed(list)).toEqual(ranges);
  });

  it('may be megabytes long', () => {
    const list = Array.from({ length: 500_000 }, (_, n) => `${3 * n + 1}-${3 * n + 2}`).join(',');
    expect(parseRowList(list)).toHaveLength(500_000);
  });

  it.each(['0', '3-2', 'x', '1-', '-1', '1.5', '1-2-3', '9007199254740992'])(
    'is not %j',
    (word) => {
      expect(() => parseRowList(`4,${word}`)).toThrow(`, and ${JSON.stringify(word)} is none`);
    },
  );
});
