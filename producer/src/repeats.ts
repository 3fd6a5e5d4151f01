/** Texts that are remembered. */
const MOST = 500_000;

/**
 * Counts texts that were there before, in constant memory. While there are few different ones it
 * counts all; then those of which so many low bits of the hash are zero, a sample by text.
 */
export class Repeats {
  /** How often each was there before, by its hash. */
  readonly #times = new Map<number, number>();
  /** One text in so many is counted. */
  #oneIn = 1;

  add(text: string): void {
    const hash = hashOf(text);
    if (hash % this.#oneIn !== 0) return;
    this.#times.set(hash, (this.#times.get(hash) ?? -1) + 1);
    if (this.#times.size <= MOST) return;
    this.#oneIn *= 2;
    for (const known of this.#times.keys()) {
      if (known % this.#oneIn !== 0) this.#times.delete(known);
    }
  }

  /** How many there are, and twice the standard error of that: 0 when all were counted. */
  estimate(): { count: number; error: number } {
    let [sum, squares] = [0, 0];
    for (const times of this.#times.values()) {
      sum += times;
      squares += times ** 2;
    }
    // of a sample that takes each text with its repeats or not at all
    const variance = squares * this.#oneIn * (this.#oneIn - 1);
    return { count: sum * this.#oneIn, error: Math.ceil(2 * Math.sqrt(variance)) };
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
