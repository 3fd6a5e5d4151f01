/** What bounds a batch; it may change at any time. */
export interface BatchLimits {
  /** Most items. */
  items: number;
  /** The weight at which it is full; its last item may exceed it. */
  weight: number;
}

/**
 * Collects items into batches: a batch is due when it is full or its oldest item has waited
 * `maxAge`, whichever comes first. Items pushed while a batch is in work count as having waited.
 */
export class Collector<T> {
  readonly #limits: Readonly<BatchLimits>;
  readonly #maxAge: number;
  readonly #weigh: (item: T) => number;
  #items: T[] = [];
  #weight = 0;
  #timer: NodeJS.Timeout | undefined;
  #aged = false;
  #ended = false;
  #isDropped = false;
  #wake = (): void => {};

  /** @param maxAge longest time that an item waits for its batch to fill, in milliseconds. */
  constructor(limits: Readonly<BatchLimits>, maxAge: number, weigh: (item: T) => number) {
    this.#limits = limits;
    this.#maxAge = maxAge;
    this.#weigh = weigh;
  }

  push(item: T): void {
    if (this.#isDropped) return;
    this.#items.push(item);
    this.#weight += this.#weigh(item);
    if (this.#items.length === 1) this.#timer = setTimeout(this.#age, this.#maxAge);
    if (this.#isFull()) this.#wake();
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
        yield this.#take();
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

  #isFull(): boolean {
    return this.#items.length >= this.#limits.items || this.#weight >= this.#limits.weight;
  }

  #isDue(): boolean {
    return this.#items.length > 0 && (this.#aged || this.#ended || this.#isFull());
  }

  #take(): T[] {
    let count = 0;
    let weight = 0;
    for (const item of this.#items) {
      if (count >= this.#limits.items || weight >= this.#limits.weight) break;
      weight += this.#weigh(item);
      count += 1;
    }
    this.#weight -= weight;
    return this.#items.splice(0, count);
  }
}
