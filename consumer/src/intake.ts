import { within } from '@csv2db/libs/deadline.ts';
import { messageOf, TransientError } from '@csv2db/libs/errors.ts';
import type { QueueSession } from '@csv2db/libs/queue/session.ts';
import type { Channel } from 'amqplib';
import type { Delivery } from './batch.ts';
import type { BatchSize } from './batch-size.ts';
import { Collector } from './collector.ts';

/**
 * How long the broker may take to answer, in milliseconds: longer than the minute after which 3.10
 * says that a queue has no leader.
 */
const ANSWER_TIMEOUT = 90_000;

/** Longest time a delivery waits for its batch to fill, in milliseconds. */
const MAX_AGE = 50;

/**
 * Consumes a queue in batches. The channel's prefetch is two batches, so that one is collected
 * while the other is stored; what is not acknowledged goes no further than that.
 *
 * When the signal is aborted, no more is taken from the queue, what has been delivered is handed
 * on, and the generator ends. When the session is lost it ends at once, and what it had collected
 * is dropped: the broker delivers it again.
 *
 * @param size how large batches are. It may change between two of them, and is followed.
 */
export async function* intake(
  session: QueueSession,
  channel: Channel,
  queue: string,
  size: BatchSize,
  signal: AbortSignal,
): AsyncGenerator<Delivery[]> {
  const collector = new Collector<Delivery>(size.limits, MAX_AGE, ({ content }) => content.length);
  session.lost.addEventListener('abort', () => collector.drop(), { once: true });

  let { prefetch } = size;
  /** The prefetch of a consumer is fixed: another one needs another consumer. */
  async function subscribe(): Promise<string> {
    prefetch = size.prefetch;
    await answered(channel.prefetch(prefetch));
    const consuming = channel.consume(queue, (delivery) => {
      if (delivery) collector.push(delivery);
      // so it does when the queue is deleted, or its node goes down
      else session.fail(`RabbitMQ cancelled the consumer of "${queue}"`);
    });
    return (await answered(consuming)).consumerTag;
  }

  /** A broker may send heartbeats, and yet never answer. */
  async function answered<T>(answer: Promise<T>): Promise<T> {
    try {
      return await within(ANSWER_TIMEOUT, answer);
    } catch (error) {
      const problem = `RabbitMQ does not serve the queue "${queue}": ${messageOf(error)}`;
      throw new TransientError(problem, { cause: error });
    }
  }

  let subscription = subscribe();
  const stop = (): void => {
    subscription
      .then((consumerTag) => answered(channel.cancel(consumerTag)))
      .then(
        () => collector.end(),
        // the session is lost, then
        () => collector.drop(),
      );
  };
  await subscription;
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const batch of collector.batches()) {
      yield batch;
      if (prefetch === size.prefetch || signal.aborted || session.lost.aborted) continue;
      const previous = await subscription;
      subscription = subscribe();
      await subscription;
      await answered(channel.cancel(previous));
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
