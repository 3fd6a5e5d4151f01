import type { Contact } from '@csv2db/libs/contact.ts';
import { decodeContact, UndecodableError } from '@csv2db/libs/message.ts';
import type { Delivery } from './intake.ts';

/** A delivery that holds a contact. */
export interface Row {
  delivery: Delivery;
  contact: Contact;
}

/** A delivery that can't be stored, ever, and why. */
export interface Refusal {
  delivery: Delivery;
  reason: string;
  /** The SQLSTATE of the database; undefined when the message did not get that far. */
  sqlstate?: string | undefined;
}

/** Sorts the deliveries of a batch into rows to store and refusals. */
export function decode(batch: readonly Delivery[]): { rows: Row[]; refusals: Refusal[] } {
  const rows: Row[] = [];
  const refusals: Refusal[] = [];
  for (const delivery of batch) {
    try {
      rows.push({ delivery, contact: decodeContact(delivery.content) });
    } catch (error) {
      if (!(error instanceof UndecodableError)) throw error;
      refusals.push({ delivery, reason: error.message });
    }
  }
  return { rows, refusals };
}
