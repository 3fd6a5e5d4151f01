export interface CollectorOptions {
  /** Most items in a batch. */
  size: number;
  /** Longest time an item waits for its batch to fill, in milliseconds. */
  maxAge: number;
}

/**
 * Collects items into batches: a batch is due when it is full or its oldest item has waited `maxAge`,
 * whichever comes first. Items pushed while a batch is in work count as having waited.
 */
export class Collector<T> {
  readonly #size: number;
  readonly #maxAge: number;
  #items: T[] = [];
  #timer: NodeJS.Timeout | undefined;
  #aged = false;
  #ended = false;
  #isDropped = false;
  #wake = (): void => {};

  constructor({ size, maxAge }: CollectorOptions) {
    this.#size = size;
    this.#maxAge = maxAge;
  }

  push(item: T): void {
    if (this.#isDropped) return;
    this.#items.push(item);
    if (this.#items.length === 1) this.#timer = setTimeout(this.#age, this.#maxAge);
    if (this.#items.length === this.#size) this.#wake();
  }

  /** Hands on what has been pushed, then ends the batches. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Drops what has been pushed, and what will be, and ends the batches. */
  drop(): void {
    this.#isDropped = true;
    this.#items = [];
    clearTimeout(this.#timer);
    this.#wake();
  }

  async *batches(): AsyncGenerator<T[], void> {
    for (;;) {
      if (this.#isDropped) return;
      if (this.#isDue()) {
        clearTimeout(this.#timer);
        yield this.#items.splice(0, this.#size);
        this.#aged = this.#items.length > 0;
      } else if (this.#ended) {
        return;
      } else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    }
  }

  readonly #age = (): void => {
    this.#aged = true;
    this.#wake();
  };

  #isDue(): boolean {
    const { length } = this.#items;
    return length >= this.#size || (length > 0 && (this.#aged || this.#ended));
  }
}
