import type { ChannelModel } from 'amqplib';
import { codeOf, FatalError, TransientError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import {
  argumentsOf,
  hasDefaultLimit,
  hazards,
  isLimitedByDefault,
  isStream,
} from './arguments.ts';
import { onChannel } from './connect.ts';
import { liftLimit } from './policy.ts';
import { wordsOf } from './refusal.ts';

/**
 * Whether there is a queue of this name.
 *
 * @throws FatalError when it belongs to one connection alone.
 */
export async function exists(connection: ChannelModel, queue: string): Promise<boolean> {
  try {
    await onChannel(connection, (channel) => channel.checkQueue(queue));
    return true;
  } catch (error) {
    const code = codeOf(error);
    // RabbitMQ answers 404 for a queue whose node is down, too
    if (code === '404' && /no queue/i.test(wordsOf(error))) return false;
    if (code !== '405') throw error;
    const problem = `the queue "${queue}" is exclusive to another connection: name another one`;
    throw new FatalError(problem, { cause: error });
  }
}

/**
 * Settles for the queue that is there, after the broker has refused to declare it.
 *
 * @param flag what names the queue.
 * @param refusal what amqplib says of that.
 * @throws FatalError when there is none, or it would lose messages.
 * @throws TransientError when a limit is in the way.
 */
export async function useExisting(
  connection: ChannelModel,
  queue: string,
  flag: string,
  vhost: string,
  refusal: unknown,
  log: Logger,
): Promise<void> {
  const [code, why, cause] = [codeOf(refusal), wordsOf(refusal), { cause: refusal }];
  const named = `the queue "${queue}" (${flag})`;
  if (code !== '403' && code !== '406') throw refusal;
  if (code === '406' && /is reached/.test(why)) {
    throw new TransientError(`${named} can't be declared: ${why}`, cause);
  }
  if (/arg '(durable|exclusive|auto_delete)'/.test(why)) {
    const remedy = 'name another one, or delete it once it is empty';
    throw new FatalError(`${named} would lose messages (${why}): ${remedy}`, cause);
  }
  if (!(await exists(connection, queue))) {
    throw new FatalError(`${named} is not there and can't be declared: ${why}`, cause);
  }
  if (code === '403') {
    const unknown =
      'without the right to configure it, nobody can tell whether it is a stream or drops messages';
    log.warn({ queue, why }, `${named} is used as it is: ${unknown}`);
    return;
  }
  log.info({ queue, why }, `the queue "${queue}" is used as it is: ${why}`);
  const found = await argumentsOf(connection, queue);
  if (isStream(found)) {
    const remedy = 'name another one, or delete it';
    throw new FatalError(`${named} is a stream, which keeps what is consumed: ${remedy}`, cause);
  }
  for (const hazard of hazards(found)) {
    log.warn({ queue }, `${named} is not what this needs: ${hazard}`);
  }
  if (hasDefaultLimit(connection) && isLimitedByDefault(found)) {
    const hazard = 'messages delivered more than 20 times are deleted, unless a policy lifts that';
    const remedy = liftLimit(queue, vhost);
    log.warn({ queue }, `${named} is not what this needs: ${hazard}: ${remedy}`);
  }
}
