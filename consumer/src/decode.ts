import type { Contact } from '@csv2db/libs/contact.ts';
import { decodeBody, decodeContact, UndecodableError } from '@csv2db/libs/message.ts';
import type { Delivery } from './intake.ts';

/** A row that was delivered, and can be read. */
export interface Row {
  contact: Contact;
  delivery: Delivery;
  /** Its place in a message of several rows, from 0; undefined when the message is the row. */
  index: number | undefined;
}

/** What can't be stored, ever, and why: a whole message, or a row of it. */
export interface Refusal {
  delivery: Delivery;
  /** The row of a message of several; undefined when it is about the message. */
  part?: { index: number; value: unknown } | undefined;
  reason: string;
  /** The SQLSTATE of the database; undefined when it did not get that far. */
  sqlstate?: string | undefined;
}

/** What a batch holds: each row in one of two places. */
export interface Decoded {
  rows: Row[];
  refusals: Refusal[];
}

/** Sorts what a batch of deliveries holds into rows to store and refusals. */
export function decode(batch: readonly Delivery[]): Decoded {
  const rows: Row[] = [];
  const refusals: Refusal[] = [];
  const attempt = (delivery: Delivery, work: () => void, part?: Refusal['part']): void => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof UndecodableError)) throw error;
      refusals.push({ delivery, part, reason: error.message });
    }
  };
  for (const delivery of batch) {
    attempt(delivery, () => {
      const body = decodeBody(delivery.content);
      if (!Array.isArray(body)) {
        rows.push({ contact: decodeContact(body), delivery, index: undefined });
        return;
      }
      for (const [index, value] of body.entries()) {
        attempt(delivery, () => rows.push({ contact: decodeContact(value), delivery, index }), {
          index,
          value,
        });
      }
    });
  }
  return { rows, refusals };
}
