import type { ChannelModel } from 'amqplib';
import { onChannel } from './connect.ts';
import { codeOf, FatalError, messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { QueueConfig } from './address.ts';

/** How often a message may be delivered in vain before it is dead-lettered; RabbitMQ 4's default. */
const DELIVERY_LIMIT = 20;

/**
 * Declares the dead-letter queue and the queue, where they are missing.
 *
 * @returns whether the queue was.
 */
export async function declareQueues(
  connection: ChannelModel,
  { name, deadName, type }: QueueConfig,
  log: Logger,
): Promise<boolean> {
  const dead = type === 'quorum' ? deadArguments(connection) : {};
  await declareQueue(connection, deadName, dead, log);
  const isNew = !(await exists(connection, name));
  await declareQueue(connection, name, type === 'quorum' ? liveArguments(deadName) : {}, log);
  return isNew;
}

/** The arguments of a quorum queue that hands what it can't deliver on to the dead-letter queue. */
export function liveArguments(deadName: string): Record<string, unknown> {
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

/**
 * What is dead stays: since RabbitMQ 4 a quorum queue has a delivery limit unless told otherwise.
 */
export function deadArguments({ connection }: ChannelModel): Record<string, unknown> {
  const isV4 = /^([4-9]|\d\d)\./.test(connection.serverProperties.version);
  return { 'x-queue-type': 'quorum', ...(isV4 && { 'x-delivery-limit': -1 }) };
}

async function exists(connection: ChannelModel, queue: string): Promise<boolean> {
  try {
    await onChannel(connection, (channel) => channel.checkQueue(queue));
    return true;
  } catch (error) {
    if (codeOf(error) === '404') return false;
    throw error;
  }
}

/** Declares a durable queue; one that is there already is used as it is, if it is durable. */
async function declareQueue(
  connection: ChannelModel,
  name: string,
  args: Record<string, unknown>,
  log: Logger,
): Promise<void> {
  try {
    await onChannel(connection, (channel) =>
      channel.assertQueue(name, { durable: true, arguments: args }),
    );
  } catch (error) {
    const [isDifferent, isForbidden] = [codeOf(error) === '406', codeOf(error) === '403'];
    const why = messageOf(error)
      .replace(/^.* - /, '')
      .replace(/"$/, '');
    if (isDifferent && /'(durable|exclusive|auto_delete)'/.test(why)) {
      throw new FatalError(
        `the queue "${name}" would lose messages (${why}): name another one, or delete it once it is empty`,
        { cause: error },
      );
    }
    if (!isDifferent && !isForbidden) throw error;
    await onChannel(connection, (channel) => channel.checkQueue(name));
    log.info({ queue: name, why }, `the queue "${name}" is used as it is: ${why}`);
  }
}
