import type { ChannelModel } from 'amqplib';
import { messageOf } from '../errors.ts';
import type { QueueConfig } from './address.ts';
import { onChannel } from './connect.ts';
import { deadArguments, liveArguments } from './declare.ts';

/**
 * Whether the queue that is there is known to hand what is rejected on to the dead-letter queue; any
 * other might drop it.
 */
export async function deadLettersRejected(
  connection: ChannelModel,
  { name, deadName }: QueueConfig,
): Promise<boolean> {
  return (await differenceOf(connection, name, liveArguments(deadName))) === undefined;
}

/**
 * Whether what is taken from the dead-letter queue that is there, and given back, is known to stay
 * there, however often. An operator's policy can't be seen.
 */
export async function keepsWhatIsLookedAt(
  connection: ChannelModel,
  deadName: string,
): Promise<boolean> {
  const keeping = deadArguments(connection);
  if (!('x-delivery-limit' in keeping)) return true;
  const difference = await differenceOf(connection, deadName, keeping);
  // a classic queue counts nothing
  return difference === undefined || difference.includes("'x-queue-type'");
}

/** What the broker says of a queue that is there with other arguments; undefined when they are the same. */
async function differenceOf(
  connection: ChannelModel,
  queue: string,
  args: Record<string, unknown>,
): Promise<string | undefined> {
  try {
    await onChannel(connection, (channel) =>
      channel.assertQueue(queue, { durable: true, arguments: args }),
    );
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
