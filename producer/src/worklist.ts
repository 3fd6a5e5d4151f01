import type { Message } from './pack.ts';
import type { RowSpan } from './source/rows.ts';

/** The messages of a chunk that are still to be published. */
export interface Shipment {
  chunk: RowSpan;
  messages: readonly Message[];
  /** Whether they were sent before, without a confirm. */
  isRepeated: boolean;
}

/**
 * What the workers take from: shipments that came back unconfirmed go out first, then new ones from
 * the file. It outlives the sessions with the broker.
 */
export class Worklist {
  readonly #fresh: AsyncIterator<Shipment, void>;
  readonly #returned: Shipment[] = [];
  #isRead = false;
  #failure: Error | undefined;

  constructor(fresh: AsyncIterable<Shipment, void>) {
    this.#fresh = fresh[Symbol.asyncIterator]();
  }

  /**
   * The next shipment; undefined when there is none for the time being.
   *
   * @throws what reading the file failed with, every time since.
   */
  async take(): Promise<Shipment | undefined> {
    const returned = this.#returned.shift();
    if (returned) return returned;
    if (this.#failure) throw this.#failure;
    try {
      const { value, done } = await this.#fresh.next();
      this.#isRead ||= done === true;
      return value ?? this.#returned.shift();
    } catch (error) {
      // the iterator has ended with it, and a session that is lost hides it
      this.#failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  /** Whether the file is read, and nothing has come back. */
  get isEmpty(): boolean {
    return this.#isRead && this.#returned.length === 0;
  }

  giveBack(shipment: Shipment): void {
    this.#returned.push(shipment);
  }
}
