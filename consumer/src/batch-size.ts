import type { BatchLimits } from './collector.ts';

/** What a person has set; what is undefined adapts. */
export interface BatchConfig {
  /** Bytes of message bodies at which a batch is full. */
  bytes: number | undefined;
  /** Most messages that a worker has unacknowledged. */
  prefetch: number | undefined;
}

/** Bytes of message bodies in a batch: at the start, at least and at most. */
const [FIRST_BYTES, LEAST_BYTES, MOST_BYTES] = [640 * 1024, 32 * 1024, 1024 * 1024];
/**
 * Prefetch, in messages, likewise. Each may have many megabytes: their size is not known at the
 * start.
 */
const [FIRST_PREFETCH, LEAST_PREFETCH, MOST_PREFETCH] = [2, 2, 4_000];
/**
 * How many times as large the next prefetch may be: the messages to come may be larger than those
 * seen.
 */
const GROWTH = 10;
/**
 * How long a batch takes, in milliseconds. One that is slow waits, for the most part, for its
 * commit: larger ones wait less often. One that is too slow would hold up a stop. A fast one may be
 * as at the start.
 */
const [FAST, SLOW, TOO_SLOW] = [200, 400, 4_000];

/**
 * How large batches are, and how much is prefetched: what suits the database and the messages at
 * hand.
 */
export class BatchSize {
  /** What bounds a batch now. */
  readonly limits: BatchLimits;
  /** The prefetch now: two batches. */
  prefetch: number;
  readonly #config: BatchConfig;
  /** Mean size of a message body, in bytes, in which the last batch counts half. */
  #meanBytes: number | undefined;

  constructor(config: BatchConfig) {
    this.#config = config;
    this.prefetch = config.prefetch ?? FIRST_PREFETCH;
    this.limits = { weight: config.bytes ?? FIRST_BYTES, items: half(this.prefetch) };
  }

  /**
   * Learns from a batch of so many messages and bytes of bodies, which took so many milliseconds.
   */
  adapt(messages: number, bytes: number, milliseconds: number): void {
    const mean = bytes / messages;
    this.#meanBytes = ((this.#meanBytes ?? mean) + mean) / 2;
    if (this.#config.bytes === undefined) {
      const { weight } = this.limits;
      if (milliseconds > TOO_SLOW) this.limits.weight = Math.max(weight / 2, LEAST_BYTES);
      else if (milliseconds < FAST) this.limits.weight = FIRST_BYTES;
      else if (milliseconds > SLOW && bytes >= weight) {
        this.limits.weight = Math.min(2 * weight, MOST_BYTES);
      }
    }
    if (this.#config.prefetch !== undefined) return;
    const wanted = Math.ceil((2 * this.limits.weight) / this.#meanBytes);
    const most = Math.min(GROWTH * this.prefetch, MOST_PREFETCH);
    const prefetch = Math.min(Math.max(LEAST_PREFETCH, wanted), most);
    // a new consumer for less than that is not worth it
    if (prefetch < 2 * this.prefetch && 2 * prefetch > this.prefetch) return;
    this.prefetch = prefetch;
    this.limits.items = half(prefetch);
  }
}

function half(prefetch: number): number {
  return Math.ceil(prefetch / 2);
}
