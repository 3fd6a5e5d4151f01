import type { ConfirmChannel, Options } from 'amqplib';
import type { Refusal } from './decode.ts';
import type { Delivery } from './intake.ts';

/** The queue for the messages that can't be stored, beside the one they came from. */
export function deadQueueOf(queue: string): string {
  return `${queue}.dead`;
}

/**
 * Acknowledges a batch whose rows are committed, after its refused messages are safe in the
 * dead-letter queue. Nothing else acknowledges.
 *
 * @param batch every delivery of the channel since the last one that was acknowledged.
 * @throws when the broker does not confirm a dead letter; then nothing is acknowledged.
 */
export async function settle(
  channel: ConfirmChannel,
  deadQueue: string,
  batch: readonly Delivery[],
  refusals: readonly Refusal[],
): Promise<void> {
  for (const { delivery, reason } of refusals) {
    channel.publish('', deadQueue, delivery.content, deadLetterOptions(delivery, reason));
  }
  if (refusals.length > 0) await channel.waitForConfirms();
  const last = batch.at(-1);
  if (last) channel.ack(last, true);
}

/** The properties of the original message, its headers included, and the reason. */
function deadLetterOptions({ properties }: Delivery, reason: string): Options.Publish {
  const options: Options.Publish = {
    ...properties,
    persistent: true,
    headers: { ...properties.headers, 'x-csv2db-reason': reason },
  };
  // the broker would refuse a message in another user's name, and throw an expired one away
  delete options.userId;
  delete options.expiration;
  return options;
}
