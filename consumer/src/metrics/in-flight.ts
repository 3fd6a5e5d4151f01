import type { Channel } from 'amqplib';

/** Deliveries that came together. */
interface Arrival {
  /** How many the channel had delivered before. */
  before: number;
  /** When, in milliseconds of `performance.now()`. */
  at: number;
}

/** The deliveries of a channel that are not acknowledged. Costs an addition for each. */
export class InFlight {
  #delivered = 0;
  #acknowledged = 0;
  /** Those of which some are not acknowledged, the oldest first. */
  readonly #arrivals: Arrival[] = [];
  /** Whether the clock was looked at since the event loop last waited. */
  #isTimed = false;

  constructor(channel: Channel) {
    channel.on('delivery', () => this.#arrive());
  }

  /** Deliveries that are not acknowledged. */
  get count(): number {
    return this.#delivered - this.#acknowledged;
  }

  /** When the oldest of them came, in milliseconds of `performance.now()`. */
  get oldestAt(): number | undefined {
    if (this.count === 0) return undefined;
    return this.#arrivals.findLast(({ before }) => before <= this.#acknowledged)?.at;
  }

  /** The oldest so many were acknowledged. */
  acknowledge(count: number): void {
    this.#acknowledged += count;
    while ((this.#arrivals[1]?.before ?? Infinity) <= this.#acknowledged) this.#arrivals.shift();
  }

  #arrive(): void {
    if (!this.#isTimed) {
      this.#isTimed = true;
      setImmediate(() => (this.#isTimed = false));
      this.#arrivals.push({ before: this.#delivered, at: performance.now() });
    }
    this.#delivered += 1;
  }
}
