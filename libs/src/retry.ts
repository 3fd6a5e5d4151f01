import { setTimeout as pause } from 'node:timers/promises';
import { TransientError } from './errors.ts';

export interface RetryOptions {
  /** Ends the attempts when it is aborted, but never an attempt that is under way. */
  signal: AbortSignal;
  /** How long to go on after the first failure, in milliseconds. Default: for ever. */
  retryFor?: number;
  /** Told of the first failure that is followed by another attempt: an outage is one message. */
  onOutage: (error: TransientError) => void;
}

/** Pause after the first failure, and the longest one, in milliseconds. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [100, 5_000];

/**
 * Attempts something until it succeeds. The pauses double, and each is shortened by up to half at
 * random, so that many who lost the same server do not come back at the same time.
 *
 * @throws the TransientError of the last attempt, when the time is over or the signal is aborted;
 * any other error at once.
 */
export async function retry<T>(
  attempt: () => Promise<T>,
  { signal, retryFor = Infinity, onOutage }: RetryOptions,
): Promise<T> {
  const isStopped = (): boolean => signal.aborted;
  let outageBegan: number | undefined;
  for (let longest = FIRST_PAUSE; ; longest = Math.min(2 * longest, LONGEST_PAUSE)) {
    try {
      return await attempt();
    } catch (error) {
      const now = performance.now();
      const left = retryFor - (now - (outageBegan ?? now));
      if (!(error instanceof TransientError) || left <= 0 || isStopped()) throw error;
      if (outageBegan === undefined) onOutage(error);
      outageBegan ??= now;
      const jittered = longest * (1 - Math.random() / 2);
      await pause(Math.min(jittered, left), undefined, { signal }).catch(() => {});
      if (isStopped()) throw error;
    }
  }
}
