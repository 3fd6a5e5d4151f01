import { describe, expect, it } from 'vitest';
import {
  formatReference,
  isMeant,
  parseReference,
  referenceOf,
} from '../../src/dead-letters/reference.ts';
import { delivery } from '../deliveries.ts';

function ofRows(importId: string, row?: number, rows?: number): string {
  const origin = { 'x-csv2db-import': importId, 'x-csv2db-row': row, 'x-csv2db-rows': rows };
  return formatReference(referenceOf(delivery('', { headers: origin })));
}

function digest(body: string, messageId: string, headers: object): string {
  return formatReference(referenceOf(delivery(body, { messageId, headers: { ...headers } })));
}

const TIME = { 'x-csv2db-time': '2026-01-01T00:00:00.000Z' };

describe('the reference of a dead letter', () => {
  it('is its import with the rows that it holds', () => {
    expect(ofRows('i-1', 7)).toBe('i-1:7');
    expect(ofRows('i-1', 1200, 100)).toBe('i-1:1200-1299');
  });

  it('is a digest where it does not say which rows it holds', () => {
    const references = [ofRows('i-1'), ofRows('i-1', 0), ofRows('i-1', 7, 0), ofRows('a b', 7)];
    for (const reference of references) expect(reference).toMatch(/^[\da-f]{16}$/);
  });

  it('is another one for another body, message id or time, and not for another look', () => {
    const reference = digest('x', 'm', TIME);
    expect(digest('y', 'm', TIME)).not.toBe(reference);
    expect(digest('x', 'n', TIME)).not.toBe(reference);
    expect(digest('x', 'm', {})).not.toBe(reference);
    expect(digest('x', 'm', { ...TIME, 'x-delivery-count': 5 })).toBe(reference);
  });

  it.each(['i-1:7', 'i-1:1200-1299', 'a:b:7', '1c34365ef86f8e12'])(
    '%s is read as it is written',
    (text) => {
      expect(formatReference(parseReference(text))).toBe(text);
    },
  );

  it.each([
    ['import:7', 'i:7', true],
    ['import:7', 'import:8', false],
    ['import:7', 'imports:7', false],
    ['import:7', 'import', false],
    ['import:1-9', 'import:9', true],
    ['import:1-9', 'import:10', false],
    ['import:1-9', 'import:9-10', false],
    ['1c34365ef86f8e12', '1c3436', true],
    ['1c34365ef86f8e12', '1c3436:1', false],
  ])('%s is meant by %s: %s', (reference, wanted, answer) => {
    expect(isMeant(parseReference(reference), parseReference(wanted))).toBe(answer);
  });
});
