import { isUtf8 } from 'node:buffer';
import { EMAIL_PATTERN, MAX_EMAIL_LENGTH } from '@csv2db/libs/contact.ts';

/**
 * A row that is a contact, and canonical CSV as it stands. It is for text that was read as Latin-1,
 * one character for each byte.
 */
const PLAIN_ROW = new RegExp(`[^,"\\r\\n\\0]+,${EMAIL_PATTERN}\\n`, 'y');

/**
 * Recognises rows that need no parsing.
 *
 * @param bytes complete lines.
 * @returns the offsets behind each row, when all the bytes are plain rows; otherwise undefined.
 */
export function endsOfPlainRows(bytes: Buffer): number[] | undefined {
  if (!isUtf8(bytes)) return undefined;
  const text = bytes.toString('latin1');
  const ends: number[] = [];
  for (let begin = 0; begin < text.length;) {
    PLAIN_ROW.lastIndex = begin;
    if (!PLAIN_ROW.test(text)) return undefined;
    const end = PLAIN_ROW.lastIndex;
    // then the email in it may be, too
    if (end - begin > MAX_EMAIL_LENGTH) return undefined;
    ends.push(end);
    begin = end;
  }
  return ends;
}
