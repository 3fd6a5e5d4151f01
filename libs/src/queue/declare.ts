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

const QUORUM = { 'x-queue-type': 'quorum' };

function liveArguments(deadName: string): Record<string, unknown> {
  return {
    ...QUORUM,
    'x-delivery-limit': DELIVERY_LIMIT,
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': deadName,
    // the message leaves the queue only once it is safe in the other one; this needs the overflow
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  };
}

/** What is dead stays: since RabbitMQ 4 a quorum queue has a delivery limit unless told otherwise. */
function deadArguments(connection: ChannelModel): Record<string, unknown> {
  return limitsDeliveries(connection) ? { ...QUORUM, 'x-delivery-limit': -1 } : QUORUM;
}

/** Whether the broker is one that deletes what a quorum queue delivered too often, by default. */
function limitsDeliveries({ connection }: ChannelModel): boolean {
  return /^([4-9]|\d\d)\./.test(connection.serverProperties.version);
}

/** Whether the queue that is there was declared to hand what is rejected on to the dead-letter queue. */
export async function deadLettersRejected(
  connection: ChannelModel,
  { name, deadName }: QueueConfig,
): Promise<boolean> {
  return (await differenceOf(connection, name, liveArguments(deadName))) === undefined;
}

/**
 * Whether what is taken from the dead-letter queue that is there, and given back, stays there, however often. An
 * operator's policy can't be seen.
 */
export async function keepsWhatIsLookedAt(
  connection: ChannelModel,
  deadName: string,
): Promise<boolean> {
  if (!limitsDeliveries(connection)) return true;
  const difference = await differenceOf(connection, deadName, deadArguments(connection));
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
