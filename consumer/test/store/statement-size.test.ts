import { createLogger } from '@csv2db/libs/logger.ts';
import { beforeEach, expect, it } from 'vitest';
import { StatementSize } from '../../src/store/statement-size.ts';

let size: StatementSize;

beforeEach(() => {
  size = new StatementSize(30_000, createLogger('test', 'silent'));
});

it('has no bound until a statement is too slow', () => {
  size.finished(1_000_000, 29_000);
  expect(size.rows).toBe(Infinity);
  size.tooSlow(1_000);
  expect(size.rows).toBe(500);
});

it('is never less than a row', () => {
  size.tooSlow(3);
  size.tooSlow(1);
  expect(size.rows).toBe(1);
});

it('is not bounded by a single row that is too slow', () => {
  size.tooSlow(1);
  expect(size.rows).toBe(Infinity);
});

it('does not grow by a statement that began before it shrank', () => {
  size.tooSlow(100);
  size.tooSlow(1_000);
  expect(size.rows).toBe(50);
});

it('grows again, by statements of full size that are fast', () => {
  size.tooSlow(1_000);
  size.finished(499, 10);
  size.finished(500, 4_000);
  expect(size.rows).toBe(500);
  size.finished(500, 3_000);
  expect(size.rows).toBe(1_000);
});
