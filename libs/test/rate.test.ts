import { expect, it } from 'vitest';
import { Rate } from '../src/rate.ts';

it('counts what was added within five seconds, however often it is asked', () => {
  const rate = new Rate(100, 0);
  expect(rate.note(100, 0)).toBe(0);
  expect(rate.note(200, 1_000)).toBe(100);
  for (let at = 2_000; at <= 20_000; at += 50) rate.note(200 + (at - 2_000), at);
  expect(rate.note(18_200, 20_000)).toBeCloseTo(1_000);
});

it('is nothing once five seconds have passed without a change', () => {
  const rate = new Rate(0, 0);
  rate.note(500, 1_000);
  expect(rate.note(500, 5_000)).toBe(100);
  expect(rate.note(500, 6_000)).toBe(0);
});
