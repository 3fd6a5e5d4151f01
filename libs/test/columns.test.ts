import { describe, expect, it } from 'vitest';
import { parseColumns } from '../src/columns.ts';
import { toRecord } from '../src/csv/records.ts';
import { UndecodableError } from '../src/message.ts';

describe('the header of the columns', () => {
  it.each([[['name', 'email']], [['a']], [['e mail', 'a,b', 'say "so"', 'l\nf', 'Ü', ' ']]])(
    'is read as it was written: %j',
    (columns) => {
      expect(parseColumns(toRecord(columns))).toEqual(columns);
    },
  );

  it('may be absent, for a name and an email', () => {
    expect(parseColumns(undefined)).toEqual(['name', 'email']);
  });

  it.each<[unknown, RegExp]>([
    [7, /is not one record of CSV$/],
    [null, /is not one record of CSV$/],
    ['', /is not one record of CSV$/],
    ['a\nb', /is not one record of CSV$/],
    ['a"b', /is not one record of CSV$/],
    ['a,', /has a column without a name$/],
    ['a,"",b', /has a column without a name$/],
    ['a,b,a', /names "a" twice$/],
  ])('is refused where it has no names: %j', (header, reason) => {
    expect(() => parseColumns(header)).toThrow(UndecodableError);
    expect(() => parseColumns(header)).toThrow(reason);
  });
});
