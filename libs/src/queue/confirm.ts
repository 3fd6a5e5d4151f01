import type { ConfirmChannel, Options } from 'amqplib';
import { TransientError } from '../errors.ts';

/** A session was lost because the broker takes no message as large as one that was published. */
export class MessageTooLargeError extends TransientError {
  override name = 'MessageTooLargeError';
  /** The size of the largest body that it takes (`max_message_size`). */
  readonly maxBytes: number;

  constructor(maxBytes: number, options?: ErrorOptions) {
    super(`RabbitMQ takes no message of more than ${maxBytes} bytes (max_message_size)`, options);
    this.maxBytes = maxBytes;
  }
}

/** A message that is to be published. */
export interface Outgoing {
  body: Buffer;
  /** They are sent as they are: amqplib takes twice as long for a copy by `...`. */
  properties: DurableProperties;
}

/** Of a message that is kept on disk, and comes back from where there is no queue. */
export interface DurableProperties extends Options.Publish {
  persistent: true;
  mandatory: true;
}

/**
 * Publishes messages to a queue, all at once, as persistent and mandatory ones.
 *
 * A message for a queue that is not there is returned, and then confirmed all the same
 * (https://www.rabbitmq.com/docs/confirms#when-publishes-are-confirmed): listen for `return` on the
 * channel, and abort `lost` in its listener.
 *
 * @param lost aborted when nothing more can be relied on.
 * @param onAnswer called for every answer of the broker.
 * @returns when the broker has answered for all of them, or `lost` is aborted: those that it did
 * not confirm. What it confirmed is on its disk, unless the queue is young
 * (`QueueSession.registered`).
 * @throws what amqplib throws of properties that it can't encode; nothing is sent of that message
 * and those after it.
 */
export function publishConfirmed<T extends Outgoing>(
  channel: ConfirmChannel,
  queue: string,
  messages: readonly T[],
  lost: AbortSignal,
  onAnswer: () => void = () => {},
): Promise<T[]> {
  return new Promise((resolve) => {
    const unconfirmed = new Set(messages);
    let unanswered = messages.length;
    const finish = (): void => {
      lost.removeEventListener('abort', finish);
      resolve([...unconfirmed]);
    };
    if (lost.aborted || unanswered === 0) return finish();
    lost.addEventListener('abort', finish, { once: true });
    try {
      for (const message of messages) {
        channel.publish('', queue, message.body, message.properties, (error: unknown) => {
          if (!error && !lost.aborted) unconfirmed.delete(message);
          onAnswer();
          if (--unanswered === 0) finish();
        });
      }
    } catch (error) {
      lost.removeEventListener('abort', finish);
      throw error;
    }
  });
}
