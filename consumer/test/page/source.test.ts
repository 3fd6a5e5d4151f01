import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Source } from '../../src/page/source.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A source that counts its readings, each of which takes so long, in milliseconds. */
function source(took: number, problemFrom = Infinity) {
  let readings = 0;
  const found = new Source(async () => {
    readings += 1;
    const reading = readings;
    await new Promise((resolve) => setTimeout(resolve, took));
    if (reading >= problemFrom) throw new Error('it is out');
    return reading;
  });
  return { ask: () => found.ask(), readings: () => readings };
}

it('is read once for all who ask, and again when that is two seconds ago', async () => {
  const { ask, readings } = source(100);
  const answers = Promise.all([ask(), ask(), ask()]);
  await vi.advanceTimersByTimeAsync(100);
  expect((await answers).map(({ value }) => value)).toEqual([1, 1, 1]);
  await vi.advanceTimersByTimeAsync(1_800);
  expect((await ask()).value).toBe(1);
  await vi.advanceTimersByTimeAsync(200);
  expect(readings()).toBe(1);
  void ask();
  await vi.advanceTimersByTimeAsync(100);
  expect((await ask()).value).toBe(2);
});

it('is read more seldom where that takes long, and nobody waits for all of it', async () => {
  const { ask, readings } = source(4_000);
  const first = ask();
  await vi.advanceTimersByTimeAsync(1_500);
  expect(await first).toEqual({ value: undefined, at: undefined, problem: undefined });
  for (let second = 0; second < 60; second += 1) {
    void ask();
    await vi.advanceTimersByTimeAsync(1_000);
  }
  // a sixth of the time
  expect(readings()).toBe(3);
});

it('keeps what was read last, and tells why it is not read now', async () => {
  const { ask } = source(10, 2);
  void ask();
  await vi.advanceTimersByTimeAsync(1_000);
  const first = await ask();
  expect(first).toMatchObject({ value: 1, problem: undefined });
  await vi.advanceTimersByTimeAsync(1_000);
  void ask();
  await vi.advanceTimersByTimeAsync(10);
  expect(await ask()).toEqual({ ...first, problem: new Error('it is out') });
});
