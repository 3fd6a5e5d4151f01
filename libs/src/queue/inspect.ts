import type { ChannelModel } from 'amqplib';
import { codeOf, messageOf } from '../errors.ts';
import type { QueueConfig } from './address.ts';
import { onChannel } from './connect.ts';
import { deadArguments, liveArguments } from './declare.ts';

const NOT_FOUND = '404';

/** How many messages are ready in a queue; undefined where there is none of that name. */
export async function depthOf(connection: ChannelModel, name: string): Promise<number | undefined> {
  try {
    return (await onChannel(connection, (channel) => channel.checkQueue(name))).messageCount;
  } catch (error) {
    if (codeOf(error) === NOT_FOUND) return undefined;
    throw error;
  }
}

/**
 * Whether the queue that is there is known to hand what is rejected on to the dead-letter queue;
 * any other might drop it.
 */
export async function deadLettersRejected(
  connection: ChannelModel,
  { name, deadName }: QueueConfig,
): Promise<boolean> {
  return (await differenceOf(connection, name, liveArguments(deadName))) === undefined;
}

/** How often a queue gives the same message back before RabbitMQ deletes or dead-letters it. */
export interface DeliveryLimit {
  /** Infinity when there is none. */
  times: number;
  /** Whether the queue was declared with it; then a policy can lower it, and not lift it. */
  isDeclared: boolean;
}

/** The limit of quorum queues since RabbitMQ 4, unless told otherwise. */
const DEFAULT_LIMIT = 20;

/**
 * The delivery limit of the dead-letter queue that is there, as far as it is known: an operator's
 * policy can't be seen.
 */
export async function deliveryLimitOf(
  connection: ChannelModel,
  deadName: string,
): Promise<DeliveryLimit> {
  const wanted = deadArguments(connection);
  const difference = await differenceOf(connection, deadName, wanted);
  const declared = /'x-delivery-limit' .* current is (?:the value )?'(-?\d+)'/.exec(
    difference ?? '',
  );
  if (declared) {
    const times = Number(declared[1]);
    return { times: times < 0 ? Infinity : times, isDeclared: true };
  }
  // a classic queue counts nothing
  const isKept = difference === undefined || difference.includes("'x-queue-type'");
  const hasDefault = 'x-delivery-limit' in wanted && !isKept;
  return { times: hasDefault ? DEFAULT_LIMIT : Infinity, isDeclared: false };
}

/**
 * What the broker says of a queue that is there with other arguments; undefined when they are the
 * same.
 */
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
