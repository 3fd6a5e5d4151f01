import type { Message } from './pack.ts';
import type { RowSpan } from './source/position.ts';
import type { Reject } from './validate.ts';

/** A chunk of the file on its way to the broker. */
export interface Shipment {
  chunk: RowSpan;
  /** Number of the rows that were read for it; 0 when it is sent again. */
  read: number;
  /** Those of its rows that are not sent. */
  rejects: readonly Reject[];
  /** What is still to be published. */
  messages: readonly Message[];
  /** Whether that was sent before, without a confirm. */
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

  /** Takes back what is still to be published of a shipment. */
  giveBack(shipment: Shipment, messages: readonly Message[]): void {
    this.#returned.push({ ...shipment, messages, read: 0, rejects: [], isRepeated: true });
  }
}
