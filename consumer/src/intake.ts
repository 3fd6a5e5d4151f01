import type { Channel, ConsumeMessage } from 'amqplib';
import { FatalError, messageOf } from '@csv2db/libs/errors.ts';
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
 * and the generator ends. It does not end by itself when the channel closes; whoever opened the
 * channel watches over that.
 *
 * @throws FatalError when the server cancels the consumer, as it does when the queue is deleted.
 */
export async function* intake(
  channel: Channel,
  queue: string,
  signal: AbortSignal,
): AsyncGenerator<Delivery[]> {
  const collector = new Collector<Delivery>({ size: BATCH_SIZE, maxAge: MAX_AGE });
  await channel.prefetch(2 * BATCH_SIZE);
  const { consumerTag } = await channel.consume(queue, (delivery) => {
    if (delivery) collector.push(delivery);
    else collector.fail(new FatalError(`RabbitMQ cancelled the consumer of "${queue}"`));
  });
  const stop = (): void => {
    channel.cancel(consumerTag).then(
      () => collector.end(),
      (error: unknown) => collector.fail(new FatalError(messageOf(error), { cause: error })),
    );
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  yield* collector.batches();
}
