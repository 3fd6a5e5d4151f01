import { setTimeout as pause } from 'node:timers/promises';
import { FatalError } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import type { QueueSession } from '@csv2db/libs/queue/session.ts';
import type { Message } from './pack.ts';
import type { Progress } from './progress.ts';
import type { Publisher } from './publish.ts';
import type { Shipment, Worklist } from './worklist.ts';

/** Pause before messages that the broker refused are sent again, in milliseconds. */
const REFUSAL_PAUSE = 1_000;

/** Most shipments of a worker that are unconfirmed. */
const MOST_UNCONFIRMED = 4;

/** Gets shipments confirmed, through refusals and lost sessions. */
export class Shipping {
  readonly #worklist: Worklist;
  readonly #progress: Progress;
  readonly #retryFor: number;
  readonly #log: Logger;
  /** Since when the broker has refused everything; undefined while it confirms. */
  #refusedSince: number | undefined;

  /** @param retryFor how long the broker may refuse everything, in milliseconds. */
  constructor(worklist: Worklist, progress: Progress, retryFor: number, log: Logger) {
    this.#worklist = worklist;
    this.#progress = progress;
    this.#retryFor = retryFor;
    this.#log = log;
  }

  /**
   * A worker: takes shipments as fast as they are confirmed, until there are none or the session is
   * lost. How many it has unconfirmed is bounded; that bounds the memory, and holds the file back when the
   * broker is slow or an alarm blocks it.
   *
   * @throws FatalError when the broker refuses everything for too long.
   */
  async work(session: QueueSession, publisher: Publisher): Promise<void> {
    const unconfirmed: Promise<void>[] = [];
    while (!session.lost.aborted) {
      const shipment = await this.#worklist.take();
      if (!shipment) {
        await Promise.all(unconfirmed.splice(0));
        if (this.#worklist.isEmpty) return;
        continue;
      }
      await session.unblocked();
      const shipped = this.#ship(shipment, session, publisher);
      // observed later, when it is the oldest one
      shipped.catch(() => {});
      unconfirmed.push(shipped);
      if (unconfirmed.length >= MOST_UNCONFIRMED) await unconfirmed.shift();
    }
    await Promise.all(unconfirmed);
  }

  async #ship(shipment: Shipment, session: QueueSession, publisher: Publisher): Promise<void> {
    this.#progress.sending(shipment);
    const unconfirmed = await publisher.publish(shipment.messages);
    const confirmed = countRows(shipment.messages) - countRows(unconfirmed);
    this.#progress.confirmed(confirmed);
    if (confirmed > 0) this.#refusedSince = undefined;
    if (unconfirmed.length === 0) {
      this.#progress.settled(shipment.chunk);
      return;
    }
    this.#worklist.giveBack({ ...shipment, messages: unconfirmed, isRepeated: true });
    if (!session.lost.aborted) await this.#afterRefusal();
  }

  async #afterRefusal(): Promise<void> {
    const now = performance.now();
    if (this.#refusedSince === undefined) {
      this.#log.warn('RabbitMQ refuses messages, the queue may be full: trying again');
    }
    this.#refusedSince ??= now;
    if (now - this.#refusedSince >= this.#retryFor) {
      throw new FatalError('RabbitMQ refuses messages: the queue may be full');
    }
    await pause(REFUSAL_PAUSE);
  }
}

function countRows(messages: readonly Message[]): number {
  return messages.reduce((sum, { rows }) => sum + rows, 0);
}
