import { encodeContact } from '@csv2db/libs/message.ts';
import type { NumberedContact } from './validate.ts';

/** What is sent: rows that follow one another in the file. */
export interface Message {
  /** Number of its first row. */
  firstRow: number;
  /** Number of its rows. */
  rows: number;
  body: Buffer;
}

/** Most bytes in a body of several rows; a longer row is a message of its own. */
const MAX_BODY = 256 * 1024;

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
      return { firstRow: row, rows: 1, body: Buffer.from(encodeContact(contact)) };
    });
  }
  const messages: Message[] = [];
  let [text, firstRow, rows, bytes] = ['', 0, 0, 0];
  const flush = (): void => {
    if (rows > 0) messages.push({ firstRow, rows, body: Buffer.from(`[${text}]`) });
    [text, rows, bytes] = ['', 0, 0];
  };
  for (const { row, contact } of contacts) {
    const encoded = encodeContact(contact);
    const length = Buffer.byteLength(encoded) + 1;
    const follows = row === firstRow + rows && rows < rowsPerMessage && bytes + length <= MAX_BODY;
    if (!follows) {
      flush();
      firstRow = row;
    }
    text += rows === 0 ? encoded : `,${encoded}`;
    rows += 1;
    bytes += length;
  }
  flush();
  return messages;
}
