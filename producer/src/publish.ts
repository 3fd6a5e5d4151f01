import { HEADERS } from '@csv2db/libs/message.ts';
import {
  type DurableProperties,
  type Outgoing,
  publishConfirmed,
} from '@csv2db/libs/queue/confirm.ts';
import type { QueueSession } from '@csv2db/libs/queue/session.ts';
import type { Message } from './pack.ts';

/**
 * How long the broker may be silent about what was sent, in milliseconds, alarms apart. It never
 * answers for what was on its way into a quorum queue that is deleted.
 */
const CONFIRM_TIMEOUT = 30_000;

/** Publishes messages to one queue, with publisher confirms. */
export interface Publisher {
  /**
   * Sends all of them at once, as persistent messages, on the next of the session's channels. One
   * that is sent again, by this or a later session, has the same message id.
   *
   * @returns resolves when the broker has answered for every one of them, or the session is lost,
   * to those that it did not confirm; what it confirmed is on disk.
   */
  publish(messages: readonly Message[]): Promise<Message[]>;
  /** Whether the session was lost because there is no such queue any more. */
  isQueueGone(): boolean;
}

/** What is the same in all messages of an import. */
export interface ImportHeaders {
  importId: string;
  /** The columns of the rows, as a header has them; undefined where it is to be absent. */
  columns: string | undefined;
}

export function createPublisher(
  session: QueueSession,
  queue: string,
  common: ImportHeaders,
): Publisher {
  let isQueueGone = false;
  for (const channel of session.channels) {
    channel.on('return', () => {
      isQueueGone = true;
      session.fail(`the queue "${queue}" is gone`);
    });
  }
  const turns = inTurn(session.channels);

  // one for all channels: no worker goes far beyond its oldest messages, so a channel that is never
  // answered soon stills the others
  let inFlight = 0;
  let heardAt = performance.now();
  const clock = setInterval(() => {
    const now = performance.now();
    if (inFlight === 0 || session.blockedBy() !== undefined) heardAt = now;
    if (now - heardAt > CONFIRM_TIMEOUT) session.fail(nothingConfirmed(queue));
  }, 1_000);
  session.lost.addEventListener('abort', () => clearInterval(clock), { once: true });
  const onAnswer = (): void => {
    inFlight -= 1;
    heardAt = performance.now();
  };

  // a queue that was declared just now is lost with all that it confirmed when its broker is killed
  let isRegistered = false;
  void session.registered.then(() => (isRegistered = !session.lost.aborted));

  return {
    isQueueGone: () => isQueueGone,
    publish: async (messages) => {
      if (session.lost.aborted) return [...messages];
      if (inFlight === 0) heardAt = performance.now();
      inFlight += messages.length;
      const timestamp = Math.floor(Date.now() / 1000);
      const outgoing = messages.map((message) => toOutgoing(message, common, timestamp));
      const channel = turns.next().value;
      const unconfirmed = await publishConfirmed(channel, queue, outgoing, session.lost, onAnswer);
      if (!isRegistered) await session.registered;
      return isRegistered ? unconfirmed.map(({ message }) => message) : [...messages];
    },
  };
}

/** After a crash, a queue may be there and have no leader; then only its deletion helps. */
function nothingConfirmed(queue: string): string {
  return (
    `RabbitMQ has confirmed nothing for ${CONFIRM_TIMEOUT / 1000} s (where its log says that the queue can't be ` +
    `started, "rabbitmqctl delete_queue ${queue}" mends it)`
  );
}

/** @param timestamp seconds since 1970, as AMQP has it. */
function toOutgoing(
  message: Message,
  common: ImportHeaders,
  timestamp: number,
): Outgoing & { message: Message } {
  const { firstRow, body, contentType, announcement } = message;
  const id = announcement === undefined ? firstRow : `announcement-${firstRow}`;
  const properties: DurableProperties = {
    persistent: true,
    mandatory: true,
    contentType,
    messageId: `${common.importId}-${id}`,
    timestamp,
    headers: headersOf(message, common),
  };
  return { message, body, properties };
}

/** What a message tells of its rows, and of those around them. */
export function headersOf(
  { firstRow, rows, rejectedBefore, rejectedAfter, announcement }: Message,
  { importId, columns }: ImportHeaders,
): Record<string, unknown> {
  if (announcement !== undefined) {
    return { [HEADERS.import]: importId, [HEADERS.announcement]: announcement };
  }
  const headers: Record<string, unknown> = { [HEADERS.import]: importId, [HEADERS.row]: firstRow };
  if (rows !== 1) headers[HEADERS.rows] = rows;
  if (columns !== undefined && rows > 0) headers[HEADERS.columns] = columns;
  if (rejectedBefore > 0) headers[HEADERS.rejectedBefore] = rejectedBefore;
  if (rejectedAfter > 0) headers[HEADERS.rejectedAfter] = rejectedAfter;
  return headers;
}

function* inTurn<T>(items: readonly T[]): Generator<T, never> {
  for (;;) yield* items;
}
