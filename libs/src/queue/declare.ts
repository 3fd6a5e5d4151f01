import type { ChannelModel } from 'amqplib';
import { TransientError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { QueueConfig } from './address.ts';
import { type Arguments, hasDefaultLimit } from './arguments.ts';
import { onChannel } from './connect.ts';
import { exists, useExisting } from './existing.ts';
import { markYoung, unmarkYoung } from './young.ts';

/** How often a message may come back before it is dead-lettered; RabbitMQ 4's default. */
const DELIVERY_LIMIT = 20;

/** Said aloud, because a vhost may have another default type. */
const CLASSIC: Arguments = { 'x-queue-type': 'classic' };

/** What is found out about the queues while they are declared. */
export interface Declared {
  /** Whether the queue was not there. */
  isQueueNew: boolean;
  /** Whether one of the two is a quorum queue that was not there. */
  isYoung: boolean;
}

/**
 * Declares the dead-letter queue and the queue, where they are missing.
 *
 * @throws FatalError when one is of no use, or the user may not declare what is needed.
 * @throws TransientError when a limit of the broker, or a node that is down, is in the way.
 */
export async function declareQueues(
  connection: ChannelModel,
  { name, deadName, type, addresses }: QueueConfig,
  log: Logger,
): Promise<Declared> {
  const vhost = addresses[0]?.vhost ?? '/';
  // only a refusal shows it, which RabbitMQ logs as an error: the answer to a declaration is the
  // same for a queue that was there and for one that was not
  const isQueueNew = !(await exists(connection, name));
  const isDeadNew = isQueueNew || !(await exists(connection, deadName));
  const news = [...(isQueueNew ? [name] : []), ...(isDeadNew ? [deadName] : [])];
  const isQuorum = type === 'quorum';
  const declare = async (): Promise<void> => {
    const dead = isQuorum ? deadArguments(connection) : CLASSIC;
    await declareQueue(connection, deadName, '--dead-queue', dead, vhost, log);
    const live = isQuorum ? liveArguments(deadName) : CLASSIC;
    await declareQueue(connection, name, '--queue-name', live, vhost, log);
  };
  if (isQuorum) await markYoung(connection, news);
  try {
    await declare();
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    // the marks may be what reached the limit
    await unmarkYoung(connection, news);
    await declare();
  }
  return { isQueueNew, isYoung: isQuorum && news.length > 0 };
}

/** The arguments of a quorum queue that hands what it can't deliver on to the dead-letter queue. */
export function liveArguments(deadName: string): Arguments {
  return {
    'x-queue-type': 'quorum',
    'x-delivery-limit': DELIVERY_LIMIT,
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': deadName,
    // the message leaves the queue only once it is safe in the other one; this needs the overflow
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  };
}

/** What is dead stays: since RabbitMQ 4 a quorum queue has a delivery limit by default. */
export function deadArguments(connection: ChannelModel): Arguments {
  const isLimited = hasDefaultLimit(connection);
  return { 'x-queue-type': 'quorum', ...(isLimited && { 'x-delivery-limit': -1 }) };
}

/** Declares a durable queue; one that is there already is used as it is. */
async function declareQueue(
  connection: ChannelModel,
  queue: string,
  flag: string,
  args: Arguments,
  vhost: string,
  log: Logger,
): Promise<void> {
  try {
    await onChannel(connection, (channel) =>
      channel.assertQueue(queue, { durable: true, arguments: args }),
    );
  } catch (error) {
    await useExisting(connection, queue, flag, vhost, error, log);
  }
}
