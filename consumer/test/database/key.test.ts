import { expect, it } from 'vitest';
import type { UniqueIndex } from '../../src/database/facts.ts';
import { type KeyFacts, keyOf } from '../../src/database/key.ts';

/** A table with the columns `id`, which has a default, `email` and `region`, and some unique indexes. */
function facts(...indexes: Partial<UniqueIndex>[]): KeyFacts {
  return {
    kind: 'r',
    columns: ['id', 'email', 'region'].map((name) => ({ name, hasDefault: name === 'id' })),
    indexes: indexes.map((index) => ({
      name: 't_key',
      constraint: 't_key',
      table: 't',
      isOfPartition: false,
      columns: [],
      isPlain: true,
      isPrimary: false,
      isValid: true,
      isImmediate: true,
      ...index,
    })),
  };
}

const ID = { columns: ['id'], isPrimary: true };
const EMAIL = { columns: ['email'] };
const BOTH = { columns: ['region', 'email'] };
const EXPRESSION = { columns: [], isPlain: false };

const NONE = { mayConflict: false, target: undefined, columns: [] };

it.each([
  ['no constraint', facts(), ['email'], NONE],
  ['one that was not built', facts({ ...EMAIL, isValid: false }), ['email'], NONE],
  ['one that is not about the columns', facts(ID), ['email'], NONE],
  [
    'one of theirs',
    facts(ID, EMAIL),
    ['email'],
    { mayConflict: true, target: ['email'], columns: ['email'] },
  ],
  [
    'one of which they have a part',
    facts(BOTH),
    ['email'],
    { mayConflict: true, target: ['region', 'email'], columns: [] },
  ],
  [
    'two, of which one has a default',
    facts(ID, EMAIL),
    ['id', 'email'],
    { mayConflict: true, target: undefined, columns: ['email'] },
  ],
  [
    'a primary key that has none',
    facts(EMAIL, { ...BOTH, isPrimary: true }),
    ['email', 'region'],
    { mayConflict: true, target: undefined, columns: ['region', 'email'] },
  ],
  [
    'an expression',
    facts(EXPRESSION),
    ['email'],
    { mayConflict: true, target: undefined, columns: [] },
  ],
  [
    'one of a partition',
    facts({ ...EMAIL, isOfPartition: true }),
    ['email'],
    { mayConflict: true, target: undefined, columns: [] },
  ],
  [
    'one of a partition that is not about the columns',
    facts({ ...ID, isOfPartition: true }),
    ['email'],
    NONE,
  ],
  [
    'an expression beside one of theirs',
    facts(EMAIL, EXPRESSION),
    ['email'],
    { mayConflict: true, target: undefined, columns: ['email'] },
  ],
])('what tells duplicates by %s', (_, table, columns, key) => {
  expect(keyOf(table, columns)).toEqual(key);
});
