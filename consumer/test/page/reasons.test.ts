import { expect, it } from 'vitest';
import type { Refusal } from '../../src/batch.ts';
import { kindOf, Reasons } from '../../src/page/reasons.ts';
import { delivery } from '../deliveries.ts';

it.each([
  [
    'invalid input syntax for type integer: "ann@x.com"',
    '22P02',
    'invalid input syntax for type integer: "…"',
  ],
  [
    'value "3000000000" is out of range for type integer',
    '22003',
    'value "…" is out of range for type integer',
  ],
  [
    'value too long for type character varying(60)',
    '22001',
    'value too long for type character varying(60)',
  ],
  [
    'new row for relation "contacts" violates check constraint "no_2nd"',
    '23514',
    'new row for relation "contacts" violates check constraint "no_2nd"',
  ],
  ['row 17 has 3 fields', undefined, 'row … has … fields'],
  [`Unexpected token 'a', "a\nb" is not`, undefined, `Unexpected token '…', "…" is not`],
  ['an open "quote', undefined, 'an open "…"'],
  ['\u202Eturned\nround\u0007', 'P0001', '\\u202eturned round\\u0007'],
])('%s is of a kind with others', (reason, sqlstate, kind) => {
  expect(kindOf({ reason, sqlstate })).toBe(kind);
});

it('reasons are counted, the most frequent first, and only so many of them apart', () => {
  const reasons = new Reasons();
  const refusals = (reason: string, count: number): Refusal[] =>
    Array.from({ length: count }, () => ({ delivery: delivery('x'), reason }));
  for (let letter = 0; letter < 25; letter += 1) {
    reasons.count(refusals(String.fromCharCode(97 + letter).repeat(300), letter === 3 ? 5 : 1));
  }
  reasons.count(refusals('d'.repeat(300), 2));
  const { reasons: told, others } = reasons.rows();
  expect(told).toHaveLength(20);
  expect(told[0]).toEqual({ reason: `${'d'.repeat(200)}…`, count: 7 });
  expect(others).toBe(5);
});
