import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Collector } from '../src/collector.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function collect(items: number, maxAge: number, weight = Infinity) {
  const collector = new Collector<number>({ items, weight }, maxAge, (item) => item);
  return { collector, batches: collector.batches() };
}

describe('a batch', () => {
  it('is handed on when it is full, with no more than fits', async () => {
    const { collector, batches } = collect(2, 1000);
    for (const item of [1, 2, 3, 4, 5]) collector.push(item);
    expect(await batches.next()).toEqual({ done: false, value: [1, 2] });
    expect(await batches.next()).toEqual({ done: false, value: [3, 4] });
  });

  it('is handed on when it is heavy enough, its last item included', async () => {
    const { collector, batches } = collect(10, 1000, 5);
    for (const item of [2, 2, 2, 7, 1]) collector.push(item);
    expect(await batches.next()).toEqual({ done: false, value: [2, 2, 2] });
    expect(await batches.next()).toEqual({ done: false, value: [7] });
  });

  it('is handed on when its oldest item has waited long enough', async () => {
    const { collector, batches } = collect(10, 1000);
    let batch: unknown;
    void batches.next().then((result) => (batch = result.value));
    collector.push(1);
    await vi.advanceTimersByTimeAsync(600);
    collector.push(2);
    await vi.advanceTimersByTimeAsync(399);
    expect(batch).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(batch).toEqual([1, 2]);
  });

  it('is due at once when its items waited for the one before', async () => {
    const { collector, batches } = collect(2, 1000);
    for (const item of [1, 2, 3]) collector.push(item);
    await batches.next();
    expect(await batches.next()).toEqual({ done: false, value: [3] });
  });

  it('waits its full time again after an earlier one was handed on', async () => {
    const { collector, batches } = collect(2, 1000);
    for (const item of [1, 2]) collector.push(item);
    await batches.next();
    await vi.advanceTimersByTimeAsync(999);
    let batch: unknown;
    void batches.next().then((result) => (batch = result.value));
    collector.push(3);
    await vi.advanceTimersByTimeAsync(999);
    expect(batch).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(batch).toEqual([3]);
  });
});

describe('the batches', () => {
  it('end after what was pushed', async () => {
    const { collector, batches } = collect(2, 1000);
    for (const item of [1, 2, 3]) collector.push(item);
    collector.end();
    expect(await batches.next()).toEqual({ done: false, value: [1, 2] });
    expect(await batches.next()).toEqual({ done: false, value: [3] });
    expect(await batches.next()).toEqual({ done: true, value: undefined });
  });

  it('end at once when nothing was pushed', async () => {
    const { collector, batches } = collect(2, 1000);
    const next = batches.next();
    collector.end();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('end without what was pushed when that is dropped', async () => {
    const { collector, batches } = collect(2, 1000);
    for (const item of [1, 2, 3]) collector.push(item);
    await batches.next();
    collector.drop();
    collector.push(4);
    expect(await batches.next()).toEqual({ done: true, value: undefined });
  });
});
