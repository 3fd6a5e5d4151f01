import { expect, it } from 'vitest';
import type { Delivery } from '../../src/batch.ts';
import { isPlain, Lines } from '../../src/store/lines.ts';

function delivery(body: string | Buffer, contentType = 'text/csv'): Delivery {
  // the rest of a delivery is not looked at
  return { content: Buffer.from(body), properties: { contentType } } as Delivery;
}

it.each([
  ['one row', 'a,b\n', true],
  ['no row', '', false],
  ['a quote', '"a",b\n', false],
  ['a backslash', 'a\\,b\n', false],
  ['a carriage return', 'a,b\r\n', false],
  ['no last line feed', 'a,b\nc,d', false],
  ['no UTF-8', Buffer.from('é,b\n', 'latin1'), false],
])('a body with %s: plain is %3$s', (_, body, expected) => {
  expect(isPlain(delivery(body))).toBe(expected);
});

it('a body of another type is not plain', () => {
  expect(isPlain(delivery('a,b\n', 'application/json'))).toBe(false);
});

it('the lines of several bodies keep their bytes, their rows and their places', () => {
  const [first, second] = [delivery('Zoë,z@b\nAnn,a@b\n'), delivery('Lone,l@b\n')];
  const lines = Lines.of([first, second]);
  if (!lines) throw new Error('there are no lines');
  const numbers = lines.byEmail();
  expect(String(lines.textOf(numbers))).toBe('Ann,a@b\nLone,l@b\nZoë,z@b\n');
  expect(numbers.map((line) => lines.rowOf(line))).toEqual([
    { contact: { name: 'Ann', email: 'a@b' }, delivery: first, index: 1 },
    { contact: { name: 'Lone', email: 'l@b' }, delivery: second, index: undefined },
    { contact: { name: 'Zoë', email: 'z@b' }, delivery: first, index: 0 },
  ]);
});

it.each(['A,a@b\nalone\n', 'A,a@b\nB,b@c,more\n', 'A,a@b\n\nB,b@b\n', '\n'])(
  'where a line has another number of fields there are none: %j',
  (bad) => {
    expect(Lines.of([delivery('C,c@d\n'), delivery(bad)])).toBeUndefined();
  },
);

it('each line of many bodies is found again', () => {
  const bodies = Array.from({ length: 100 }, (_, n) => delivery('N,n@b\n'.repeat(1 + (n % 3))));
  const lines = Lines.of(bodies);
  const found = lines?.byEmail().map((line) => lines.rowOf(line));
  const expected = bodies.flatMap((body, n) =>
    Array.from({ length: 1 + (n % 3) }, (_, index) => [body, n % 3 === 0 ? undefined : index]),
  );
  expect(found?.map((row) => [row.delivery, row.index])).toEqual(expected);
});
