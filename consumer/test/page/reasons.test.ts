import { expect, it } from 'vitest';
import type { Refusal } from '../../src/batch.ts';
import { kindOf, Reasons } from '../../src/page/reasons.ts';
import { delivery } from '../deliveries.ts';

it.each([
  [
    'invalid input syntax for type integer: "ann@x.com"',
    'invalid input syntax for type integer: "…"',
  ],
  [
    'invalid input syntax for type integer: "a"b SECRET c"d"',
    'invalid input syntax for type integer: "…"',
  ],
  [
    'ungültige Eingabesyntax für Typ integer: »ann«',
    'ungültige Eingabesyntax für Typ integer: "…"',
  ],
  [
    'value "3000000000" is out of range for type integer',
    'value "…" is out of range for type integer',
  ],
  [
    'invalid byte sequence for encoding "UTF8": 0xff 0x41',
    'invalid byte sequence for encoding "…": … …',
  ],
  [
    `the body is not JSON: Unexpected token 'a', ..."ail":"ann@x.com","b":ann@x.com"... is not valid JSON`,
    'the body is not JSON',
  ],
  ['the body is not JSON: Unexpected token \n in', 'the body is not JSON'],
  ['the email "ann@x.com" is banned', 'the email "…" is banned'],
  [`the name 'O'Brien' can't be`, 'the name "…" can\'t be'],
  [`it can't be "so"`, `it can't be "…"`],
  ['row 17 has 3 fields', 'row … has … fields'],
  ['an open "quote', 'an open "…"'],
  ['\u202Eturned\nround\u0007', '\\u202eturned round\\u0007'],
])('%s is told without values', (reason, kind) => {
  expect(kindOf({ reason })).toBe(kind);
});

it.each([
  'new row for relation "contacts" violates check constraint "no_2nd"',
  'null value in column "name" of relation "contacts" violates not-null constraint',
  'insert or update on table "order 2" violates foreign key constraint "of customer"',
  'value for domain age violates check constraint "age_2"',
  'value too long for type character varying(60)',
])('%s names what it is about', (reason) => {
  expect(kindOf({ reason })).toBe(reason);
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
