import type { ChannelModel } from 'amqplib';
import { onChannel } from './connect.ts';

/**
 * How long a quorum queue is young, in milliseconds. RabbitMQ registers a new one on its disk half
 * a second after its declaration; a broker that is killed before comes back with the queue empty,
 * whatever it had confirmed (3.10 to 4.3). A classic queue loses nothing.
 */
export const YOUTH = 2_000;

/**
 * How long the mark of a young queue stays, in milliseconds. It is set before the declaration,
 * which may take its time; afterwards the broker removes it.
 */
const MARK_LIFETIME = YOUTH + 3_000;

/**
 * AMQP tells nobody how old a queue is: beside a young one, an empty queue of such a name says so
 * for a while. Where the name would be too long, nobody says it.
 */
function marksOf(queues: readonly string[]): string[] {
  return queues.map((queue) => `${queue}.young`).filter((mark) => Buffer.byteLength(mark) <= 255);
}

/**
 * Marks queues that are about to be declared as young, for other services. Where the user may not
 * declare a mark, others take the queue for an old one.
 */
export async function markYoung(
  connection: ChannelModel,
  queues: readonly string[],
): Promise<void> {
  const options = {
    durable: true,
    arguments: { 'x-queue-type': 'classic', 'x-expires': MARK_LIFETIME },
  };
  for (const mark of marksOf(queues)) {
    await onChannel(connection, (channel) => channel.assertQueue(mark, options)).catch(() => {});
  }
}

/** Takes the marks away: each counts as a queue where a vhost may have only so many. */
export async function unmarkYoung(
  connection: ChannelModel,
  queues: readonly string[],
): Promise<void> {
  for (const mark of marksOf(queues)) {
    await onChannel(connection, (channel) => channel.deleteQueue(mark)).catch(() => {});
  }
}

/**
 * Whether one of the queues is marked as young. Nothing is declared and no error is provoked: a
 * mandatory message comes back from where there is no mark. So it also shows whether the user may
 * publish at all.
 *
 * @throws Error of amqplib, with code 403, when the user may not.
 */
export async function isMarkedYoung(
  connection: ChannelModel,
  queues: readonly string[],
): Promise<boolean> {
  return await onChannel(connection, async (channel) => {
    const unmarked = new Set<string>();
    channel.on('return', ({ fields }) => unmarked.add(fields.routingKey));
    const marks = marksOf(queues);
    // expired as soon as it is in a queue
    const options = { mandatory: true, expiration: 0 };
    for (const mark of marks) channel.publish('', mark, Buffer.alloc(0), options);
    // answered after the messages have come back
    await channel.prefetch(1);
    return marks.some((mark) => !unmarked.has(mark));
  });
}
