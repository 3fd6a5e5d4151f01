import { encode } from '@csv2db/libs/message.ts';
import type { ContactRun } from './validate.ts';

/** What is sent: rows that follow one another in the file. */
export interface Message {
  /** Number of its first row. */
  firstRow: number;
  /** Number of its rows. */
  rows: number;
  body: Buffer;
}

/**
 * Most characters in a body of several rows, or a little more; a longer row is a message of its
 * own.
 */
const MAX_CHARACTERS = 256 * 1024;
/** Characters of a row apart from its values: `{"name":"","email":""},`. */
const PUNCTUATION = 23;

/**
 * Packs contacts into messages; one holds rows that follow one another, so that each has a number.
 *
 * @param rowsPerMessage 1 for a body that is the row; otherwise it is an array of so many at most.
 */
export function pack(runs: readonly ContactRun[], rowsPerMessage: number): Message[] {
  return runs.flatMap((run) =>
    rowsPerMessage === 1 ? singly(run) : together(run, rowsPerMessage),
  );
}

/**
 * Packs the rows of a message anew, for a broker that finds it too large: in halves, and those in
 * halves, until no body is larger than so many bytes, or is a row alone.
 */
export function packSmaller(message: Message, mostBytes: number): Message[] {
  const { firstRow, rows, body } = message;
  if (body.length <= mostBytes || rows === 1) return [message];
  const contacts: unknown = JSON.parse(body.toString());
  if (!Array.isArray(contacts)) throw new Error('a message of several rows is no array');
  const middle = rows >> 1;
  const [head, tail] = [contacts.slice(0, middle), contacts.slice(middle)];
  return [
    { firstRow, rows: head.length, body: Buffer.from(JSON.stringify(head)) },
    { firstRow: firstRow + middle, rows: tail.length, body: Buffer.from(JSON.stringify(tail)) },
  ].flatMap((half) => packSmaller(half, mostBytes));
}

function singly({ firstRow, contacts }: ContactRun): Message[] {
  return contacts.map((contact, index) => ({
    firstRow: firstRow + index,
    rows: 1,
    body: encode(contact),
  }));
}

function together({ firstRow, contacts }: ContactRun, rowsPerMessage: number): Message[] {
  const messages: Message[] = [];
  let [begin, characters] = [0, 0];
  const flush = (end: number): void => {
    const rows = contacts.slice(begin, end);
    if (rows.length > 0) {
      messages.push({ firstRow: firstRow + begin, rows: rows.length, body: encode(rows) });
    }
    [begin, characters] = [end, 0];
  };
  for (const [index, { name, email }] of contacts.entries()) {
    const length = name.length + email.length + PUNCTUATION;
    if (index === begin + rowsPerMessage || characters + length > MAX_CHARACTERS) flush(index);
    characters += length;
  }
  flush(contacts.length);
  return messages;
}
