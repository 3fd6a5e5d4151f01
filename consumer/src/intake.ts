import type { Channel, ConsumeMessage } from 'amqplib';
import type { QueueSession } from '@csv2db/libs/session.ts';
import { Collector } from './collector.ts';

/** A message on its way through the stages; it is acknowledged on the channel it came from. */
export type Delivery = ConsumeMessage;

/** Most deliveries in a batch. */
const BATCH_SIZE = 1_000;
/** Longest time a delivery waits for its batch to fill, in milliseconds. */
const MAX_AGE = 50;

/**
 * Consumes a queue in batches. The channel's prefetch is two batches, so that one is collected while
 * the other is stored; what is not acknowledged goes no further than that.
 *
 * When the signal is aborted, no more is taken from the queue, what has been delivered is handed on,
 * and the generator ends. When the session is lost it ends at once, and what it had collected is
 * dropped: the broker delivers it again.
 */
export async function* intake(
  session: QueueSession,
  channel: Channel,
  queue: string,
  signal: AbortSignal,
): AsyncGenerator<Delivery[]> {
  const collector = new Collector<Delivery>({ size: BATCH_SIZE, maxAge: MAX_AGE });
  session.lost.addEventListener('abort', () => collector.drop(), { once: true });
  await channel.prefetch(2 * BATCH_SIZE);
  const { consumerTag } = await channel.consume(queue, (delivery) => {
    if (delivery) collector.push(delivery);
    // so it does when the queue is deleted, or its node goes down
    else session.fail(`RabbitMQ cancelled the consumer of "${queue}"`);
  });
  const stop = (): void => {
    channel.cancel(consumerTag).then(
      () => collector.end(),
      // the session is lost, then
      () => collector.drop(),
    );
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  try {
    yield* collector.batches();
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
