import type { ConfirmChannel } from 'amqplib';
import type { Contact } from '@csv2db/libs/contact.ts';
import { FatalError, messageOf } from '@csv2db/libs/errors.ts';
import { CONTENT_TYPE, encodeContact } from '@csv2db/libs/message.ts';

/** Publishes contacts to one queue, on a channel of its own, with publisher confirms. */
export interface Publisher {
  /**
   * Sends a persistent message for each contact, at once.
   *
   * @returns resolves when the broker has confirmed all of them, that is, has them on disk.
   * @throws FatalError when the broker refuses one, or the channel closes before.
   */
  publish(contacts: readonly Contact[]): Promise<void>;
}

/** A publisher on a channel in confirm mode. */
export function createPublisher(channel: ConfirmChannel, queue: string): Publisher {
  const options = { persistent: true, contentType: CONTENT_TYPE };
  return {
    publish: (contacts) =>
      new Promise((resolve, reject) => {
        let unconfirmed = contacts.length;
        if (unconfirmed === 0) resolve();
        const onConfirm = (error: unknown): void => {
          if (error) reject(refusal(error));
          else if (--unconfirmed === 0) resolve();
        };
        for (const contact of contacts) {
          channel.publish('', queue, encodeContact(contact), options, onConfirm);
        }
      }),
  };
}

function refusal(error: unknown): FatalError {
  return new FatalError(`RabbitMQ did not confirm a message: ${messageOf(error)}`, {
    cause: error,
  });
}
