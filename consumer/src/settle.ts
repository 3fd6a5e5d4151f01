import { TransientError } from '@csv2db/libs/errors.ts';
import type { QueueConfig } from '@csv2db/libs/queue/address.ts';
import type { QueueSession } from '@csv2db/libs/queue/session.ts';
import type { ConfirmChannel } from 'amqplib';
import type { Delivery, Refusal } from './batch.ts';
import { bury } from './dead-letters/bury.ts';
import type { Buried } from './dead-letters/letter.ts';
import type { Store } from './store/store.ts';

/**
 * Acknowledges a batch whose rows are committed, after its refused messages are safe in the
 * dead-letter queue, and the ledger knows. Nothing else acknowledges. What can't be made a dead
 * letter is rejected: RabbitMQ moves it there itself, as it is.
 *
 * @param channel the one that the batch came from.
 * @param batch every delivery of the channel since the last one that was acknowledged.
 * @param buried what is a dead letter already; more is added.
 * @throws TransientError when the broker does not take a dead letter, or the ledger is not told;
 * then nothing is acknowledged.
 */
export async function settle(
  session: QueueSession,
  channel: ConfirmChannel,
  queue: QueueConfig,
  batch: readonly Delivery[],
  refusals: readonly Refusal[],
  buried: Buried,
  store: Pick<Store, 'tellDead'>,
): Promise<void> {
  let unburied: ReadonlyMap<Delivery, string> = new Map();
  if (refusals.length > 0) {
    unburied = await bury(session, queue.deadName, refusals, buried);
    // it would be dropped
    const isStuck = unburied.size > 0 && !(await session.deadLettersRejected());
    if (isStuck) throw new TransientError(stuck(queue.name, unburied));
    await store.tellDead(refusals);
    session.lost.throwIfAborted();
  }
  const last = batch.at(-1);
  if (unburied.size === 0) {
    if (last) channel.ack(last, true);
    return;
  }
  for (const delivery of batch) {
    if (unburied.has(delivery)) channel.nack(delivery, false, false);
    else channel.ack(delivery);
  }
}

function stuck(queue: string, unburied: ReadonlyMap<Delivery, string>): string {
  const what = [...unburied].map(([{ content }, why]) => `${content.length} bytes (${why})`);
  return (
    `RabbitMQ takes no dead letter for a message of ${what.join(', ')}, and "${queue}" is not known to keep what is ` +
    `rejected: the message waits until the broker's max_message_size or frame_max is raised`
  );
}
