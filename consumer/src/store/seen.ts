/** Words of the filter, of 32 bits each: 8 MiB. */
const WORDS = 2 ** 21;
/** Texts after which it begins anew; by then, one new text in 20 seems known. */
const MOST_TEXTS = 10_000_000;

/**
 * Remembers, in constant memory, which texts it has met: a Bloom filter, with the bits of a text in
 * one word (a blocked one), because each access to memory costs. A text that was met is known,
 * until so many others came that it forgets them all; one that was not is known too, now and then,
 * more often as it fills.
 */
export class Seen {
  #words: Uint32Array | undefined;
  /** Number of texts in it. */
  #count = 0;

  /** Whether it remembers. */
  get isWatching(): boolean {
    return this.#words !== undefined;
  }

  /**
   * Begins to remember. Not from the start, because that costs a tenth of what the consumer does.
   */
  watch(): void {
    this.#words ??= new Uint32Array(WORDS);
  }

  /** Adds the text of a hash. @returns whether it is known; never before `watch` was called. */
  add(hashed: number): boolean {
    if (!this.#words) return false;
    const isKnown = mark(this.#words, hashed);
    if (!isKnown) this.#count += 1;
    if (this.#count === MOST_TEXTS) {
      this.#words.fill(0);
      this.#count = 0;
    }
    return isKnown;
  }
}

/** Sets the bits of a hash. @returns whether all of them were set. */
function mark(words: Uint32Array, hashed: number): boolean {
  const index = hashed >>> 11;
  // the bits that chose the word must not choose the bits in it
  const mixed = Math.imul(hashed, 0x9e3779b1);
  const bits = (1 << mixed) | (1 << (mixed >>> 9)) | (1 << (mixed >>> 18)) | (1 << (mixed >>> 27));
  const word = words[index] ?? 0;
  words[index] = word | bits;
  return (word & bits) === bits;
}

/** The hash of a text. */
export function hash(bytes: Uint8Array, begin: number, end: number): number {
  return finish(fold(bytes, begin, end, START));
}

/** What the hash of a text that comes in parts begins with. */
export const START = 0x811c9dc5;

/** Adds a part of a text to its hash: FNV-1a. */
export function fold(bytes: Uint8Array, begin: number, end: number, state: number): number {
  let value = state;
  for (let index = begin; index < end; index += 1) {
    value = Math.imul(value ^ (bytes[index] ?? 0), 0x01000193);
  }
  return value;
}

/** The hash, once all parts are in it: the finalizer of MurmurHash3 spreads its low bits. */
export function finish(state: number): number {
  let value = state;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
}
