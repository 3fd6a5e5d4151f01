import type { Channel, ChannelModel } from 'amqplib';
import { codeOf } from '../errors.ts';
import { onChannel } from './connect.ts';
import { wordsOf } from './refusal.ts';

/** Arguments of a queue: https://www.rabbitmq.com/docs/queues#optional-arguments */
export type Arguments = Readonly<Record<string, string | number | boolean>>;

/** More than RabbitMQ knows. */
const MOST_ARGUMENTS = 30;

/**
 * The arguments of a durable queue that is there; those that a policy gives it are not among them.
 *
 * AMQP tells them only by refusing to declare the queue otherwise, one at a time. Any other answer
 * ends the search.
 */
export async function argumentsOf(connection: ChannelModel, queue: string): Promise<Arguments> {
  let found: Arguments = {};
  for (let count = 0; count < MOST_ARGUMENTS; count += 1) {
    const declare = (channel: Channel): Promise<unknown> =>
      channel.assertQueue(queue, { durable: true, arguments: { ...found } });
    try {
      await onChannel(connection, declare);
      return found;
    } catch (error) {
      const more = codeOf(error) === '406' ? inequivalentArgument(wordsOf(error)) : undefined;
      if (!more || more.name in found) return found;
      found = { ...found, [more.name]: more.value };
    }
  }
  return found;
}

/** An argument, and its value in the queue that is there, in the text of a 406. */
export function inequivalentArgument(
  text: string,
): { name: string; value: string | number | boolean } | undefined {
  const pattern =
    /inequivalent arg '(x-[\w-]+)'.* current is (?:the value )?'(.*?)'(?: of type '(\w+)')?$/s;
  const [, name, value, type = 'longstr'] = pattern.exec(text) ?? [];
  if (name === undefined || value === undefined) return undefined;
  if (type === 'longstr') return { name, value };
  return { name, value: type === 'bool' ? value === 'true' : Number(value) };
}

/** Whether it is a stream: consumers begin at its end, and what they acknowledge stays in it. */
export function isStream(args: Arguments): boolean {
  return args['x-queue-type'] === 'stream';
}

/** Whether quorum queues of the broker have a delivery limit by default, as since RabbitMQ 4. */
export function hasDefaultLimit({ connection }: ChannelModel): boolean {
  return /^([4-9]|\d\d)\./.test(connection.serverProperties.version);
}

/** Whether such a limit is the queue's, and deletes what exceeds it. */
export function isLimitedByDefault(args: Arguments): boolean {
  const isOwn = 'x-delivery-limit' in args || 'x-dead-letter-exchange' in args;
  return args['x-queue-type'] === 'quorum' && !isOwn;
}

/**
 * What in a queue's arguments removes messages that nobody has consumed, or keeps consumers from
 * them; each in words.
 */
export function hazards(args: Arguments): string[] {
  const found = [];
  const fate = 'x-dead-letter-exchange' in args ? 'dead-lettered' : 'deleted';
  const of = (name: string): string | undefined =>
    name in args ? `${name}=${String(args[name])}` : undefined;
  const ttl = of('x-message-ttl');
  if (ttl !== undefined) found.push(`messages that wait longer are ${fate} (${ttl})`);
  const expiry = of('x-expires');
  if (expiry !== undefined) {
    found.push(`it is deleted with its messages when no consumer is there for so long (${expiry})`);
  }
  const length = of('x-max-length') ?? of('x-max-length-bytes');
  if (length !== undefined && !String(args['x-overflow']).startsWith('reject-publish')) {
    found.push(`the oldest messages are ${fate} when it is full (${length})`);
  }
  const limit = args['x-delivery-limit'];
  if (typeof limit === 'number' && limit >= 0 && fate === 'deleted') {
    found.push(`messages delivered too often are deleted (x-delivery-limit=${limit})`);
  }
  if (args['x-single-active-consumer'] === true) {
    found.push('one consumer at a time gets messages (x-single-active-consumer=true)');
  }
  return found;
}
