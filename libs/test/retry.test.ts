import { describe, expect, it, vi } from 'vitest';
import { FatalError, TransientError } from '../src/errors.ts';
import { Backoff, retry } from '../src/retry.ts';

const outage = new TransientError('away');

/** Something that fails so often, and then succeeds. */
function failing(times: number, error: Error = outage) {
  let left = times;
  return vi.fn(() => (left-- > 0 ? Promise.reject(error) : Promise.resolve('done')));
}

describe('retry', () => {
  const signal = new AbortController().signal;

  it('tells of an outage once, and ends with the first success', async () => {
    const onOutage = vi.fn();
    const attempt = failing(3);
    expect(await retry(attempt, { signal, onOutage })).toBe('done');
    expect(attempt).toHaveBeenCalledTimes(4);
    expect(onOutage).toHaveBeenCalledExactlyOnceWith(outage);
  });

  it('does not repeat what waiting does not mend', async () => {
    const attempt = failing(1, new FatalError('wrong'));
    await expect(retry(attempt, { signal, onOutage: () => {} })).rejects.toThrow('wrong');
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  it('gives up after so long, and at once after no time', async () => {
    const onOutage = vi.fn();
    await expect(retry(failing(99), { signal, retryFor: 0, onOutage })).rejects.toThrow('away');
    expect(onOutage).not.toHaveBeenCalled();
    const attempt = failing(99);
    await expect(retry(attempt, { signal, retryFor: 200, onOutage })).rejects.toThrow('away');
    expect(attempt.mock.calls.length).toBeGreaterThan(1);
  });

  it('ends with the failure when it is stopped', async () => {
    const stop = new AbortController();
    const onOutage = (): void => stop.abort();
    const attempt = failing(99);
    await expect(retry(attempt, { signal: stop.signal, onOutage })).rejects.toThrow('away');
    expect(attempt).toHaveBeenCalledTimes(1);
  });
});

describe('a backoff', () => {
  it('ends a pause at once when it is stopped, or may last no longer', async () => {
    const began = performance.now();
    const backoff = new Backoff(60_000, 60_000);
    await backoff.pause(AbortSignal.abort());
    await backoff.pause(new AbortController().signal, 1);
    expect(performance.now() - began).toBeLessThan(30_000);
  });

  it('tells how long each pause is, in milliseconds', async () => {
    const onPause = vi.fn();
    const backoff = new Backoff(60_000, 60_000);
    const stopped = AbortSignal.abort();
    await backoff.pause(stopped, Infinity, onPause);
    await backoff.pause(stopped, 7, onPause);
    const [[first], [second]] = onPause.mock.calls as [[number], [number]];
    expect(first).toBeGreaterThanOrEqual(30_000);
    expect(first).toBeLessThanOrEqual(60_000);
    expect(second).toBe(7);
  });
});
