import type { ConfirmChannel, Options } from 'amqplib';
import { DEAD } from './dead-letter.ts';
import type { Refusal } from './decode.ts';
import type { Delivery } from './intake.ts';

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
  for (const refusal of refusals) {
    channel.publish('', deadQueue, refusal.delivery.content, deadLetterOptions(refusal));
  }
  if (refusals.length > 0) await channel.waitForConfirms();
  const last = batch.at(-1);
  if (last) channel.ack(last, true);
}

/** The properties of the original message, its headers included, and why and when it was refused. */
function deadLetterOptions({ delivery, reason, sqlstate }: Refusal): Options.Publish {
  const { properties } = delivery;
  const failedBefore: unknown = properties.headers?.['x-delivery-count'];
  const options: Options.Publish = {
    ...properties,
    persistent: true,
    headers: {
      ...properties.headers,
      [DEAD.reason]: reason,
      ...(sqlstate !== undefined && { [DEAD.sqlstate]: sqlstate }),
      [DEAD.time]: new Date().toISOString(),
      [DEAD.attempts]: 1 + (typeof failedBefore === 'number' ? failedBefore : 0),
    },
  };
  // the broker would refuse a message in another user's name, and throw an expired one away
  delete options.userId;
  delete options.expiration;
  return options;
}
