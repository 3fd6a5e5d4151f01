import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Recent } from '../../src/page/recent.ts';

const START = Date.parse('2026-11-26T15:00:00.000Z');
const outcome = (inserted: number) => ({ inserted, duplicates: 1, skipped: [], refusals: [] });

beforeEach(() => {
  vi.useFakeTimers({ now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

it('rows are told in slots of two seconds, once a slot has ended', () => {
  const recent = new Recent();
  recent.count(outcome(5));
  recent.count(outcome(7));
  recent.look(3);
  expect(recent.rows().inserted.at(-1)).toBe(null);
  vi.setSystemTime(START + 4_500);
  const { end, step, inserted, duplicate, depth } = recent.rows();
  expect([end, step]).toEqual([START + 4_000, 2_000]);
  expect(inserted.slice(-3)).toEqual([null, 12, 0]);
  expect(duplicate.slice(-3)).toEqual([null, 2, 0]);
  expect(depth.slice(-3)).toEqual([null, 3, null]);
});

it('what is older than five minutes is forgotten', () => {
  const recent = new Recent();
  for (let slot = 0; slot < 1_000; slot += 1) {
    vi.setSystemTime(START + slot * 2_000);
    recent.count(outcome(slot));
  }
  vi.setSystemTime(START + 1_000 * 2_000);
  const { inserted } = recent.rows();
  expect(inserted).toHaveLength(150);
  expect(inserted).toEqual(Array.from({ length: 150 }, (_, index) => 850 + index));
});
