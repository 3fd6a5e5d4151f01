import type { Logger } from '@csv2db/libs/logger.ts';
import { MessageTooLargeError } from '@csv2db/libs/queue/confirm.ts';
import { finished } from '@csv2db/libs/queue/reconnect.ts';
import type { QueueSession } from '@csv2db/libs/queue/session.ts';
import type { Message } from './pack.ts';
import { createPublisher, type ImportHeaders, type Publisher } from './publish.ts';
import { Refusals } from './refusals.ts';
import type { RowSpan } from './source/position.ts';
import { type Shipment, Worklist } from './worklist.ts';

/** Most shipments of a worker that are unconfirmed. */
const MOST_UNCONFIRMED = 4;

/** What happened to rows on their way. */
export type ShipEvent =
  /** There is a session with the broker. */
  | { kind: 'connected'; session: QueueSession }
  /** The queue was deleted, with what was in it. */
  | { kind: 'queue gone' }
  /** A shipment goes out. */
  | { kind: 'sending'; shipment: Shipment }
  /** The broker has so many more rows on its disk. */
  | { kind: 'confirmed'; rows: number }
  /** Every row of a chunk is confirmed or rejected. */
  | { kind: 'settled'; chunk: RowSpan }
  /** There is no more to send, but what may come back. */
  | { kind: 'all read' };

type Tell = (event: ShipEvent) => void;

export interface ShipOptions {
  /** Name of the queue. */
  queue: string;
  /** What every message tells of its rows. */
  common: ImportHeaders;
  /** Number of workers. */
  parallel: number;
  /** How long the broker may refuse everything, in milliseconds. */
  retryFor: number;
  /** Called once all shipments are confirmed: what is to be confirmed behind them, if anything. */
  closing: () => Message | undefined;
}

/**
 * Gets shipments confirmed by the broker, through refusals and lost sessions. Ends when all are, or
 * the sessions end.
 *
 * How much is unconfirmed is bounded. That bounds the memory, and holds the file back when the
 * broker is slow or an alarm blocks it.
 *
 * @throws what reading the shipments, or the sessions, failed with.
 * @throws FatalError when the broker refuses everything for too long.
 */
export async function* ship(
  shipments: AsyncIterable<Shipment, void>,
  sessions: AsyncIterable<QueueSession, void>,
  options: ShipOptions,
  log: Logger,
): AsyncGenerator<ShipEvent, void> {
  const worklist = new Worklist(shipments);
  const refusals = new Refusals(options.retryFor, log);
  for await (const session of sessions) {
    yield { kind: 'connected', session };
    const publisher = createPublisher(session, options.queue, options.common);
    const areShipped = yield* told((tell) => {
      const workers = Array.from({ length: options.parallel }, () =>
        work(session, publisher, worklist, refusals, tell),
      );
      return finished(session, workers);
    });
    if (areShipped) {
      const closing = options.closing();
      if (!closing || (await finished(session, [shipLast(session, publisher, refusals, closing)])))
        return;
    }
    const reason: unknown = session.lost.reason;
    if (publisher.isQueueGone()) yield { kind: 'queue gone' };
    if (reason instanceof MessageTooLargeError) worklist.limitBodies(reason.maxBytes);
  }
}

/** Yields what some work tells while it goes on. @returns what it ends with. */
async function* told<T>(work: (tell: Tell) => Promise<T>): AsyncGenerator<ShipEvent, T> {
  const events: ShipEvent[] = [];
  const state = { isOver: false, wake: (): void => {} };
  const result = work((event) => {
    events.push(event);
    state.wake();
  });
  const end = (): void => {
    state.isOver = true;
    state.wake();
  };
  result.then(end, end);
  for (;;) {
    yield* events.splice(0);
    if (events.length > 0) continue;
    if (state.isOver) return await result;
    await new Promise<void>((resolve) => (state.wake = resolve));
  }
}

/**
 * A worker: takes shipments as fast as they are confirmed, until there are none or the session is
 * lost.
 */
async function work(
  session: QueueSession,
  publisher: Publisher,
  worklist: Worklist,
  refusals: Refusals,
  tell: Tell,
): Promise<void> {
  const unconfirmed: Promise<void>[] = [];
  while (!session.lost.aborted) {
    const shipment = await worklist.take();
    if (!shipment) {
      tell({ kind: 'all read' });
      await Promise.all(unconfirmed.splice(0));
      if (worklist.isEmpty) return;
      continue;
    }
    await session.unblocked();
    const shipped = send(shipment);
    // observed later, when it is the oldest one
    shipped.catch(() => {});
    unconfirmed.push(shipped);
    if (unconfirmed.length >= MOST_UNCONFIRMED) await unconfirmed.shift();
  }
  await Promise.all(unconfirmed);

  async function send(shipment: Shipment): Promise<void> {
    tell({ kind: 'sending', shipment });
    const unconfirmed = await publisher.publish(shipment.messages);
    const rows = countRows(shipment.messages) - countRows(unconfirmed);
    tell({ kind: 'confirmed', rows });
    if (unconfirmed.length < shipment.messages.length) refusals.end();
    if (unconfirmed.length === 0) {
      tell({ kind: 'settled', chunk: shipment.chunk });
      return;
    }
    worklist.giveBack(shipment, unconfirmed);
    if (!session.lost.aborted) await refusals.waitOut();
  }
}

/** Gets a message confirmed, unless the session is lost. */
async function shipLast(
  session: QueueSession,
  publisher: Publisher,
  refusals: Refusals,
  message: Message,
): Promise<void> {
  const isLost = (): boolean => session.lost.aborted;
  while (!isLost()) {
    await session.unblocked();
    const unconfirmed = await publisher.publish([message]);
    if (unconfirmed.length === 0 || isLost()) return;
    await refusals.waitOut();
  }
}

function countRows(messages: readonly Message[]): number {
  return messages.reduce((sum, { rows }) => sum + rows, 0);
}
