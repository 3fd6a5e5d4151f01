/** Milliseconds that count as lately. */
const WINDOW = 5_000;
/** Milliseconds between two samples, at the least: so there are few, however often it is asked. */
const STEP = 200;

/** How fast a number has grown lately. */
export class Rate {
  readonly #samples: { at: number; value: number }[];

  /**
   * @param value what it is at first.
   * @param at when that is, in milliseconds of `performance.now()`.
   */
  constructor(value = 0, at = performance.now()) {
    this.#samples = [{ at, value }];
  }

  /** Notes what the number is now. @returns by how much it has grown in a second, of the last five. */
  note(value: number, now = performance.now()): number {
    const samples = this.#samples;
    while (samples[1] && samples[1].at <= now - WINDOW) samples.shift();
    const [first] = samples;
    if (now - (samples.at(-1)?.at ?? 0) >= STEP) samples.push({ at: now, value });
    if (!first || now <= first.at) return 0;
    return (value - first.value) / ((now - first.at) / 1000);
  }
}
