/** Milliseconds between two looks. */
const INTERVAL = 2_000;

/**
 * What was last seen of something that takes time to look at. Whoever asks does not wait, and
 * nothing is looked at while nobody asks; nor twice at the same time, however long a look takes.
 */
export class Glance<T> {
  readonly #look: () => Promise<T>;
  #seen: T | undefined;
  #isLooking = false;
  #nextAt = 0;

  /** @param look where it fails, nothing is seen. */
  constructor(look: () => Promise<T>) {
    this.#look = look;
  }

  /** Undefined where nothing was seen yet. */
  get seen(): T | undefined {
    if (!this.#isLooking && performance.now() >= this.#nextAt) void this.#lookAgain();
    return this.#seen;
  }

  async #lookAgain(): Promise<void> {
    this.#isLooking = true;
    try {
      this.#seen = await this.#look();
    } catch {
      this.#seen = undefined;
    }
    this.#isLooking = false;
    this.#nextAt = performance.now() + INTERVAL;
  }
}
