import type { Values } from '@csv2db/libs/csv/records.ts';
import type { ConsumeMessage } from 'amqplib';

/** A message on its way through the stages; it is acknowledged on the channel it came from. */
export type Delivery = ConsumeMessage;

/** A row that was delivered, and can be read. */
export interface Row {
  /** In the order of the columns of its layout. */
  values: Values;
  delivery: Delivery;
  /** Its place in a message of several rows, from 0; undefined when the message is the row. */
  index: number | undefined;
  /** What it is in a message of JSON; undefined in one of CSV. */
  json?: unknown;
}

/** A row of a message of several. */
export interface Part {
  /** Its place, from 0. */
  index: number;
  /** What it is in the message: a value in JSON, bytes in CSV. */
  value: unknown;
}

/** What can't be stored, ever, and why: a whole message, or a row of it. */
export interface Refusal {
  delivery: Delivery;
  /** The row of a message of several; undefined when it is about the message. */
  part?: Part | undefined;
  reason: string;
  /** The SQLSTATE of the database; undefined when it did not get that far. */
  sqlstate?: string | undefined;
}

/** What became of the rows of a batch: each is counted in exactly one place. */
export interface Outcome {
  inserted: number;
  /** Rows that were in the table already, or earlier in the batch, by a unique constraint. */
  duplicates: number;
  /** Rows that a trigger or a rule of the table left out, without an error. */
  skipped: Row[];
  refusals: Refusal[];
}

/** What became of all the rows, given what became of parts of them. */
export function sum(parts: readonly Outcome[]): Outcome {
  const total: Outcome = { inserted: 0, duplicates: 0, skipped: [], refusals: [] };
  for (const { inserted, duplicates, skipped, refusals } of parts) {
    total.inserted += inserted;
    total.duplicates += duplicates;
    total.skipped = total.skipped.concat(skipped);
    total.refusals = total.refusals.concat(refusals);
  }
  return total;
}

/** What became of a batch that has no row but those that are refused. */
export function refused(refusals: readonly Refusal[]): Outcome {
  return { inserted: 0, duplicates: 0, skipped: [], refusals: [...refusals] };
}
