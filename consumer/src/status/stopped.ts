import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

/** What some work gives, or undefined as soon as the signal is aborted; the work is left alone then. */
export async function unlessStopped<T>(
  signal: AbortSignal,
  work: Promise<T>,
): Promise<T | undefined> {
  const isStopped = (): boolean => signal.aborted;
  if (isStopped()) return undefined;
  const done = new AbortController();
  const stopped = once(signal, 'abort', { signal: done.signal }).then(
    () => undefined,
    () => undefined,
  );
  try {
    return await Promise.race([work, stopped]);
  } catch (error) {
    if (isStopped()) return undefined;
    throw error;
  } finally {
    done.abort();
    // nobody waits for it any more
    work.catch(() => {});
  }
}

/** Waits for so many milliseconds, or until the signal is aborted. */
export async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  await pause(milliseconds, undefined, { signal }).catch(() => {});
}
