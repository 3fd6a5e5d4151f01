import { within } from '@csv2db/libs/deadline.ts';

/** How long what was read is as good as new, in milliseconds. */
const FRESH = 2_000;
/** Times as long as a reading takes, the next one does not begin. */
const REST = 5;
/** How long somebody who asks waits for a reading, in milliseconds. */
const PATIENCE = 1_500;

/** What is known of something that is read now and then. */
export interface Seen<T> {
  /** What was read last; undefined where nothing was. */
  value: T | undefined;
  /** When that was, in milliseconds since 1970. */
  at: number | undefined;
  /** Why the last reading failed; undefined when it did not. */
  problem: Error | undefined;
}

/**
 * Reads something for everybody who asks: once for all of them, at most each two seconds, more seldom where
 * it takes long, and never while nobody asks.
 */
export class Source<T> {
  readonly #read: () => Promise<T>;
  #seen: Seen<T> = { value: undefined, at: undefined, problem: undefined };
  #reading: Promise<void> | undefined;
  /** When the next one may begin, in milliseconds of `performance.now()`. */
  #dueAt = -Infinity;

  /** @param read what may fail, or take long. */
  constructor(read: () => Promise<T>) {
    this.#read = read;
  }

  /** What is known now. It may be of long ago, where a server does not answer. */
  async ask(): Promise<Seen<T>> {
    if (performance.now() >= this.#dueAt) this.#reading ??= this.#readAgain();
    if (this.#reading) await within(PATIENCE, this.#reading).catch(ignore);
    return this.#seen;
  }

  async #readAgain(): Promise<void> {
    const began = performance.now();
    try {
      this.#seen = { value: await this.#read(), at: Date.now(), problem: undefined };
    } catch (error) {
      const problem = error instanceof Error ? error : new Error(String(error));
      this.#seen = { ...this.#seen, problem };
    }
    const took = performance.now() - began;
    this.#dueAt = began + Math.max(FRESH, (1 + REST) * took);
    this.#reading = undefined;
  }
}

function ignore(): void {}
