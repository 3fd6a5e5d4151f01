import { accountFor, spanOf } from './account.ts';
import { type Message, type Packed, packSmaller } from './pack.ts';
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
  /** Bytes of the largest body that the broker takes, as far as it has said. */
  #mostBytes = Infinity;
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
    const shipment = this.#returned.shift() ?? (await this.#read()) ?? this.#returned.shift();
    return shipment && fitInto(this.#mostBytes, shipment);
  }

  async #read(): Promise<Shipment | undefined> {
    if (this.#failure) throw this.#failure;
    try {
      const { value, done } = await this.#fresh.next();
      this.#isRead ||= done === true;
      return value ?? undefined;
    } catch (error) {
      // the iterator has ended with it, and a session that is lost hides it
      this.#failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  /** From now on no body has more bytes: the broker takes none that is larger. */
  limitBodies(mostBytes: number): void {
    this.#mostBytes = Math.min(this.#mostBytes, mostBytes);
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

/** Packs what is too large into smaller messages; a row that is so alone is rejected. */
function fitInto(mostBytes: number, shipment: Shipment): Shipment {
  if (mostBytes === Infinity) return shipment;
  const { rejects } = shipment;
  const reason = `its message is larger than the ${mostBytes} bytes that RabbitMQ takes (max_message_size)`;
  const fits = ({ body }: Packed): boolean => body.length <= mostBytes;
  const tooLarge: Packed[] = [];
  const messages = shipment.messages.flatMap((message) => {
    if (fits(message)) return message;
    const parts = packSmaller(message, mostBytes);
    tooLarge.push(...parts.filter((part) => !fits(part)));
    return accountFor(spanOf(message), parts.filter(fits));
  });
  return {
    ...shipment,
    messages,
    rejects: [...rejects, ...tooLarge.map(({ firstRow }) => ({ row: firstRow, reason }))],
  };
}
