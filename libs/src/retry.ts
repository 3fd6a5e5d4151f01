import { setTimeout as pause } from 'node:timers/promises';
import { TransientError } from './errors.ts';

export interface RetryOptions {
  /** Ends the attempts when it is aborted, but never an attempt that is under way. */
  signal: AbortSignal;
  /** How long to go on after the first failure, in milliseconds. Default: for ever. */
  retryFor?: number;
  /** Told of the first failure that is followed by another attempt: an outage is one message. */
  onOutage: (error: TransientError) => void;
  /** Told of each pause before another attempt, in milliseconds. */
  onPause?: ((milliseconds: number) => void) | undefined;
}

/**
 * Attempts something until it succeeds, with a `Backoff` in between.
 *
 * @throws the TransientError of the last attempt, when the time is over or the signal is aborted;
 * any other error at once.
 */
export async function retry<T>(
  attempt: () => Promise<T>,
  { signal, retryFor = Infinity, onOutage, onPause }: RetryOptions,
): Promise<T> {
  const isStopped = (): boolean => signal.aborted;
  const backoff = new Backoff(100, 5_000);
  let outageBegan: number | undefined;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const now = performance.now();
      const left = retryFor - (now - (outageBegan ?? now));
      if (!(error instanceof TransientError) || left <= 0 || isStopped()) throw error;
      if (outageBegan === undefined) onOutage(error);
      outageBegan ??= now;
      await backoff.pause(signal, left, onPause);
      if (isStopped()) throw error;
    }
  }
}

/**
 * Pauses between attempts. Each is twice as long as the one before, and shortened by up to half at
 * random, so that many who lost the same server do not come back at the same time.
 */
export class Backoff {
  readonly #first: number;
  readonly #longest: number;
  #next: number;

  /** The first and the longest pause, in milliseconds. */
  constructor(first: number, longest: number) {
    this.#first = first;
    this.#longest = longest;
    this.#next = first;
  }

  /**
   * Waits, for so many milliseconds at most, or until the signal is aborted.
   *
   * @param onPause told for how many.
   */
  async pause(
    signal: AbortSignal,
    most = Infinity,
    onPause?: (milliseconds: number) => void,
  ): Promise<void> {
    const jittered = this.#next * (1 - Math.random() / 2);
    this.#next = Math.min(2 * this.#next, this.#longest);
    const milliseconds = Math.min(jittered, most);
    onPause?.(milliseconds);
    await pause(milliseconds, undefined, { signal }).catch(() => {});
  }

  /** Begins with the first pause again. */
  reset(): void {
    this.#next = this.#first;
  }
}
