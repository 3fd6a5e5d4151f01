import type { ConfirmChannel, Options } from 'amqplib';
import { messageOf, TransientError } from '@csv2db/libs/errors.ts';
import { HEADERS } from '@csv2db/libs/message.ts';
import type { Delivery, Refusal } from './batch.ts';
import { DEAD } from './dead-letters/letter.ts';

/** How long the broker may take to confirm dead letters, in milliseconds. */
const CONFIRM_TIMEOUT = 30_000;

/**
 * Acknowledges a batch whose rows are committed, after its refused messages are safe in the
 * dead-letter queue. Nothing else acknowledges.
 *
 * @param batch every delivery of the channel since the last one that was acknowledged.
 * @throws TransientError when the broker does not take a dead letter; then nothing is acknowledged.
 */
export async function settle(
  channel: ConfirmChannel,
  deadQueue: string,
  batch: readonly Delivery[],
  refusals: readonly Refusal[],
): Promise<void> {
  if (refusals.length > 0) await bury(channel, deadQueue, refusals);
  const last = batch.at(-1);
  if (last) channel.ack(last, true);
}

async function bury(
  channel: ConfirmChannel,
  deadQueue: string,
  refusals: readonly Refusal[],
): Promise<void> {
  const returned: unknown[] = [];
  let timer: NodeJS.Timeout | undefined;
  // a message for a queue that is gone is returned first, and then confirmed all the same
  const onReturn = (message: unknown): void => void returned.push(message);
  channel.on('return', onReturn);
  try {
    for (const refusal of refusals) {
      channel.publish('', deadQueue, bodyOf(refusal), deadLetterOptions(refusal));
    }
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('it does not answer')), CONFIRM_TIMEOUT);
    });
    await Promise.race([channel.waitForConfirms(), deadline]);
    if (returned.length > 0) throw new Error('the queue is gone');
  } catch (error) {
    throw new TransientError(
      `RabbitMQ did not take a dead letter for "${deadQueue}": ${messageOf(error)}`,
      { cause: error },
    );
  } finally {
    clearTimeout(timer);
    channel.off('return', onReturn);
  }
}

/** The original body; of a row among several, that row as a message of its own. */
function bodyOf({ delivery, part }: Refusal): Buffer {
  return part ? Buffer.from(JSON.stringify(part.value)) : delivery.content;
}

/** The properties of the original message, its headers included, and why and when it was refused. */
function deadLetterOptions({ delivery, part, reason, sqlstate }: Refusal): Options.Publish {
  const { properties } = delivery;
  const headers = new Map<string, unknown>(Object.entries(properties.headers ?? {}));
  const [failedBefore, firstRow] = [headers.get('x-delivery-count'), headers.get(HEADERS.row)];
  if (part) headers.delete(HEADERS.rows);
  if (part && typeof firstRow === 'number') headers.set(HEADERS.row, firstRow + part.index);
  headers.set(DEAD.reason, reason);
  if (sqlstate !== undefined) headers.set(DEAD.sqlstate, sqlstate);
  headers.set(DEAD.time, new Date().toISOString());
  headers.set(DEAD.attempts, 1 + (typeof failedBefore === 'number' ? failedBefore : 0));
  const options: Options.Publish = {
    ...properties,
    persistent: true,
    mandatory: true,
    headers: Object.fromEntries(headers),
  };
  // the broker would refuse a message in another user's name, and throw an expired one away
  delete options.userId;
  delete options.expiration;
  return options;
}
