import { isUtf8 } from 'node:buffer';
import type { Contact } from './contact.ts';
import { messageOf } from './errors.ts';

/** The content type of every message on the queue. */
export const CONTENT_TYPE = 'application/json';

/** The headers of every message, which say where its row comes from. */
export const HEADERS = {
  /** Id of the import: one run over a file, with those that resume it. */
  import: 'x-csv2db-import',
  /** Number of the row in the file, from 1. */
  row: 'x-csv2db-row',
} as const;

/** A message body that does not hold a contact: it goes to the dead-letter queue with this message. */
export class UndecodableError extends Error {
  override name = 'UndecodableError';
}

/** The body of a message of one row, in UTF-8: `{"name":"…","email":"…"}`. */
export function encodeContact({ name, email }: Contact): Buffer {
  return Buffer.from(JSON.stringify({ name, email }));
}

/**
 * The contact in a message body. Members other than `name` and `email` are ignored; the values are
 * not checked against the rules of a contact, because what another producer sent is for the database
 * to accept or refuse.
 *
 * @throws UndecodableError when the body is not UTF-8, not JSON, or lacks a `name` or `email` string.
 */
export function decodeContact(body: Buffer): Contact {
  if (!isUtf8(body)) throw new UndecodableError('the body is not UTF-8');
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch (error) {
    throw new UndecodableError(`the body is not JSON: ${messageOf(error)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UndecodableError('the body is not a JSON object');
  }
  if (!('name' in value) || typeof value.name !== 'string') {
    throw new UndecodableError('the body has no "name" string');
  }
  if (!('email' in value) || typeof value.email !== 'string') {
    throw new UndecodableError('the body has no "email" string');
  }
  return { name: value.name, email: value.email };
}
