import { CONTENT_TYPE, HEADERS } from '@csv2db/libs/message.ts';
import { expect, it } from 'vitest';
import { originOfRefusal, originsOf } from '../src/origins.ts';
import { delivery } from './deliveries.ts';

/** A message of rows of an import. */
function rows(importId: string, first: number, count = 1) {
  const headers = { [HEADERS.import]: importId, [HEADERS.row]: first, [HEADERS.rows]: count };
  return delivery('', { contentType: CONTENT_TYPE.csv, headers });
}

it('the rows of a batch are ranges of each import, with nothing of messages that name none', () => {
  const batch = [
    rows('a', 1, 500),
    rows('b', 7),
    delivery('{}'),
    rows('a', 501, 500),
    rows('b', 9),
  ];
  expect(originsOf(batch)).toEqual({ a: '1-1000', b: '7,9' });
});

it('of a batch with many gaps, the first ranges and the last one are told', () => {
  const batch = Array.from({ length: 1_000 }, (_, index) => rows('a', 2 * index + 1));
  const { a = '' } = originsOf(batch);
  expect(a.split(',')).toHaveLength(21);
  expect(a).toMatch(/^1,3,5,.*,37,…,1999$/);
});

it('a refusal is about a row of a message, or all of them', () => {
  const reason = 'no';
  expect(originOfRefusal({ delivery: rows('a', 7), reason })).toEqual({ import: 'a', rows: '7' });
  const several = { delivery: rows('a', 501, 500), reason };
  expect(originOfRefusal(several)).toEqual({ import: 'a', rows: '501-1000' });
  const part = { index: 2, value: '' };
  expect(originOfRefusal({ ...several, part })).toEqual({ import: 'a', rows: '503' });
  expect(originOfRefusal({ delivery: delivery('{}'), reason })).toBeUndefined();
});
