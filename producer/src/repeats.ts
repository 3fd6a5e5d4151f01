/** Texts that are remembered. */
const MOST = 500_000;

export interface Estimate {
  count: number;
  /** Twice the standard error. */
  error: number;
}

/**
 * Counts texts that were there before, in constant memory. While there are few different ones it
 * counts all; then those of which so many low bits of the hash are zero, a sample by text.
 */
export class Repeats {
  /** How often each was there before, by its hash. */
  readonly #times = new Map<number, number>();
  readonly #most: number;
  /** One text in so many is counted. */
  #oneIn = 1;
  /** Texts, whether counted or not. */
  #all = 0;

  /** @param most texts that are remembered at a time. */
  constructor(most = MOST) {
    this.#most = most;
  }

  add(text: string): void {
    this.#all += 1;
    const hash = hashOf(text);
    if (hash % this.#oneIn !== 0) return;
    this.#times.set(hash, (this.#times.get(hash) ?? -1) + 1);
    if (this.#times.size <= this.#most) return;
    this.#oneIn *= 2;
    for (const known of this.#times.keys()) {
      if (known % this.#oneIn !== 0) this.#times.delete(known);
    }
  }

  /**
   * How many there are, and twice the standard error of that: 0 when all were counted.
   *
   * A sample tells it well, unless few texts make up most repeats, and are in the sample or not by
   * chance. That shows where it differs from all texts less the different ones, whose error is
   * larger, but does not depend on how often each is there.
   */
  estimate(): Estimate {
    const [sampled, subtracted] = [this.#bySample(), this.#bySubtraction()];
    const isLikely = Math.abs(sampled.count - subtracted.count) <= subtracted.error;
    return isLikely && sampled.error <= subtracted.error ? sampled : subtracted;
  }

  #bySample(): Estimate {
    let [sum, squares] = [0, 0];
    for (const times of this.#times.values()) {
      sum += times;
      squares += times ** 2;
    }
    return { count: sum * this.#oneIn, error: this.#errorOf(squares) };
  }

  #bySubtraction(): Estimate {
    const different = this.#times.size * this.#oneIn;
    return { count: Math.max(0, this.#all - different), error: this.#errorOf(this.#times.size) };
  }

  /** @param squares of what is summed up over the sample, their sum; nothing in it is no certainty. */
  #errorOf(squares: number): number {
    return Math.ceil(2 * Math.sqrt(Math.max(squares, 1) * this.#oneIn * (this.#oneIn - 1)));
  }

  inWords(): string {
    const { count, error } = this.estimate();
    if (this.#oneIn === 1) return `${count}`;
    // of a sample without one: what is seen with a probability of 95 % otherwise
    return count === 0
      ? `fewer than about ${3 * this.#oneIn} (none in a sample of one email in ${this.#oneIn})`
      : `about ${count} (± ${error}, from a sample of one email in ${this.#oneIn})`;
  }
}

/** A hash of 53 bits: two of 32 bits by FNV-1a, the second with another prime, and their high bits mixed in. */
function hashOf(text: string): number {
  let [low, high] = [0x811c9dc5, 0xc9dc5118];
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x85ebca6b);
  }
  low ^= low >>> 15;
  high ^= high >>> 13;
  return (high >>> 11) * 2 ** 32 + (low >>> 0);
}
