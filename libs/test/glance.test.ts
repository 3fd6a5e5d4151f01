import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Glance } from '../src/glance.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('tells what was seen last, and looks again after two seconds, when somebody asks', async () => {
  let depth = 0;
  const look = vi.fn(() => Promise.resolve((depth += 1)));
  const glance = new Glance(look);
  expect(look).not.toHaveBeenCalled();
  expect(glance.seen).toBeUndefined();
  await vi.advanceTimersByTimeAsync(1_999);
  expect(glance.seen).toBe(1);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(look).toHaveBeenCalledTimes(1);
  expect(glance.seen).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(glance.seen).toBe(2);
});

it('does not look again while a look takes long, and sees nothing where it fails', async () => {
  let fail = (): void => {};
  const look = vi.fn(() => new Promise<number>((_, reject) => (fail = () => reject(new Error()))));
  const glance = new Glance(look);
  expect(glance.seen).toBeUndefined();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(glance.seen).toBeUndefined();
  expect(look).toHaveBeenCalledTimes(1);
  fail();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(glance.seen).toBeUndefined();
  expect(look).toHaveBeenCalledTimes(2);
});
