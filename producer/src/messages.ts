import type { Contact } from '@csv2db/libs/contact.ts';
import { encode } from '@csv2db/libs/message.ts';
import type { NumberedContact } from './validate.ts';

/** What is sent: rows that follow one another in the file. */
export interface Message {
  /** Number of its first row. */
  firstRow: number;
  /** Number of its rows. */
  rows: number;
  body: Buffer;
}

/** Most characters in a body of several rows, or a little more; a longer row is a message of its own. */
const MAX_CHARACTERS = 256 * 1024;
/** Characters of a row apart from its values: `{"name":"","email":""},`. */
const PUNCTUATION = 23;

/**
 * Packs contacts into messages.
 *
 * @param rowsPerMessage 1 for a body that is the row; otherwise it is an array of so many at most. Where
 * a row in between was rejected, the next message begins, so that each row of a message has a number.
 */
export function toMessages(
  contacts: readonly NumberedContact[],
  rowsPerMessage: number,
): Message[] {
  if (rowsPerMessage === 1) {
    return contacts.map(({ row, contact }) => {
      return { firstRow: row, rows: 1, body: encode(contact) };
    });
  }
  const messages: Message[] = [];
  let packed: Contact[] = [];
  let [firstRow, characters] = [0, 0];
  const flush = (): void => {
    if (packed.length > 0) messages.push({ firstRow, rows: packed.length, body: encode(packed) });
    packed = [];
    characters = 0;
  };
  for (const { row, contact } of contacts) {
    const length = contact.name.length + contact.email.length + PUNCTUATION;
    const follows = row === firstRow + packed.length && packed.length < rowsPerMessage;
    if (!follows || characters + length > MAX_CHARACTERS) {
      flush();
      firstRow = row;
    }
    packed.push(contact);
    characters += length;
  }
  flush();
  return messages;
}
