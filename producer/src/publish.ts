import { CONTENT_TYPE, HEADERS } from '@csv2db/libs/message.ts';
import type { QueueSession } from '@csv2db/libs/queue/session.ts';
import type { Message } from './pack.ts';

/**
 * How long the broker may be silent about what was sent, in milliseconds, alarms apart. It never answers
 * for what was on its way into a quorum queue that is deleted.
 */
const CONFIRM_TIMEOUT = 30_000;

/** Publishes messages to one queue, with publisher confirms. */
export interface Publisher {
  /**
   * Sends all of them at once, as persistent messages, on the next of the session's channels. One that
   * is sent again, by this or a later session, has the same message id.
   *
   * @returns resolves when the broker has answered for every one of them, or the session is lost, to
   * those that it did not confirm; what it confirmed is on disk.
   */
  publish(messages: readonly Message[]): Promise<Message[]>;
}

export function createPublisher(session: QueueSession, queue: string, importId: string): Publisher {
  const returned = new Set<unknown>();
  // a message for a queue that is gone is returned first, and then confirmed all the same
  for (const channel of session.channels) {
    channel.on('return', ({ properties }) => {
      returned.add(properties.messageId);
      session.fail(`the queue "${queue}" is gone`);
    });
  }
  const turns = inTurn(session.channels);

  // one for all channels: no worker goes far beyond its oldest messages, so a channel that is never
  // answered soon stills the others
  let inFlight = 0;
  const timer = setTimeout(() => {
    if (inFlight === 0 || session.isBlocked()) timer.refresh();
    else session.fail(`RabbitMQ has confirmed nothing for ${CONFIRM_TIMEOUT / 1000} s`);
  }, CONFIRM_TIMEOUT);
  session.lost.addEventListener('abort', () => clearTimeout(timer), { once: true });

  const send = (messages: readonly Message[]): Promise<Message[]> =>
    new Promise((resolve) => {
      const unconfirmed = new Set(messages);
      let unanswered = messages.length;
      const finish = (): void => {
        session.lost.removeEventListener('abort', finish);
        resolve([...unconfirmed]);
      };
      if (session.lost.aborted || unanswered === 0) return finish();
      session.lost.addEventListener('abort', finish, { once: true });
      if (inFlight === 0) timer.refresh();
      inFlight += messages.length;
      const channel = turns.next().value;
      for (const message of messages) {
        const { firstRow, rows, body } = message;
        const messageId = `${importId}-${firstRow}`;
        const headers: Record<string, unknown> = {
          [HEADERS.import]: importId,
          [HEADERS.row]: firstRow,
        };
        if (rows > 1) headers[HEADERS.rows] = rows;
        const options = {
          persistent: true,
          mandatory: true,
          contentType: CONTENT_TYPE,
          messageId,
          headers,
        };
        channel.publish('', queue, body, options, (error: unknown) => {
          if (!error && !returned.has(messageId)) unconfirmed.delete(message);
          inFlight -= 1;
          if (--unanswered === 0) finish();
          if (!session.lost.aborted) timer.refresh();
        });
      }
    });
  return {
    async publish(messages) {
      const unconfirmed = await send(messages);
      await session.registered;
      // what a young queue has confirmed does not outlive a crash of the broker
      return session.lost.aborted ? [...messages] : unconfirmed;
    },
  };
}

function* inTurn<T>(items: readonly T[]): Generator<T, never> {
  for (;;) yield* items;
}
