import { expect, it } from 'vitest';
import { isPlain, type LineLayout, Lines } from '../../src/store/lines.ts';
import { delivery } from '../deliveries.ts';

/** The layout of so many columns, of which those at some places are the key. */
function layout(columns: number, key: number[]): LineLayout {
  return { columns: Array.from({ length: columns }), key };
}

const CONTACTS = layout(2, [1]);

it.each([
  ['one row', 'a,b\n', true],
  ['no row', '', false],
  ['a quote', '"a",b\n', false],
  ['a backslash', 'a\\,b\n', false],
  ['a carriage return', 'a,b\r\n', false],
  ['no last line feed', 'a,b\nc,d', false],
  ['no UTF-8', Buffer.from('é,b\n', 'latin1'), false],
])('a body with %s: plain is %3$s', (_, body, expected) => {
  expect(isPlain(delivery(body), 2)).toBe(expected);
});

// COPY takes it for a row of one column that is NULL
it.each(['\na\n', 'a\n\nb\n', '\n'])('of one column, a blank line is not plain: %j', (body) => {
  expect(isPlain(delivery(body), 1)).toBe(false);
  expect(isPlain(delivery('a\nb\n'), 1)).toBe(true);
});

it('the lines of several bodies keep their bytes, their rows and their places', () => {
  const [first, second] = [delivery('Zoë,z@b\nAnn,a@b\n'), delivery('Lone,l@b\n')];
  const lines = Lines.of([first, second], CONTACTS);
  if (!lines) throw new Error('there are no lines');
  const numbers = lines.byKey();
  expect(String(lines.textOf(numbers))).toBe('Ann,a@b\nLone,l@b\nZoë,z@b\n');
  expect(numbers.map((line) => lines.rowOf(line))).toEqual([
    { values: ['Ann', 'a@b'], delivery: first, index: 1 },
    { values: ['Lone', 'l@b'], delivery: second, index: undefined },
    { values: ['Zoë', 'z@b'], delivery: first, index: 0 },
  ]);
});

it.each(['A,a@b\nalone\n', 'A,a@b\nB,b@c,more\n', 'A,a@b\n\nB,b@b\n', '\n'])(
  'where a line has another number of fields there are none: %j',
  (bad) => {
    expect(Lines.of([delivery('C,c@d\n'), delivery(bad)], CONTACTS)).toBeUndefined();
  },
);

it('each line of many bodies is found again', () => {
  const bodies = Array.from({ length: 100 }, (_, n) => delivery('N,n@b\n'.repeat(1 + (n % 3))));
  const lines = Lines.of(bodies, CONTACTS);
  const found = lines?.byKey().map((line) => lines.rowOf(line));
  const expected = bodies.flatMap((body, n) =>
    Array.from({ length: 1 + (n % 3) }, (_, index) => [body, n % 3 === 0 ? undefined : index]),
  );
  expect(found?.map((row) => [row.delivery, row.index])).toEqual(expected);
});

it('a key of several columns is sorted by the first one first, and NULL is in no key', () => {
  const body = 'b,x,2,\na,x,2,\nb,y,1,\na,y,,\n';
  const lines = Lines.of([delivery(body)], layout(4, [2, 0]));
  const numbers = lines?.byKey() ?? [];
  expect(numbers).toEqual([3, 2, 1, 0]);
  expect(numbers.filter((line) => lines?.lacksKey(line))).toEqual([3]);
  expect(lines?.rowOf(3).values).toEqual(['a', 'y', null, null]);
});

it('lines without a key are the same when all of them is', () => {
  const lines = Lines.of([delivery('b,\na,1\nb,\na,2\n')], layout(2, []));
  expect(lines?.byKey()).toEqual([1, 3, 0, 2]);
  const hashes = [0, 1, 2, 3].map((line) => lines?.hashOf(line));
  expect(hashes[0]).toBe(hashes[2]);
  expect(new Set(hashes).size).toBe(3);
  expect(lines?.lacksKey(0)).toBe(false);
});
