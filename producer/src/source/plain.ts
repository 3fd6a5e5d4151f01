import { isUtf8 } from 'node:buffer';
import { EMAIL_PATTERN, MAX_EMAIL_LENGTH } from '@csv2db/libs/contact.ts';
import type { ValueRules } from '../values.ts';
import type { Layout } from './layout.ts';

/** Recognises rows that are sent as they stand. */
export interface PlainRows {
  /**
   * @param bytes complete lines.
   * @param maxRow the most bytes of a row.
   * @returns the offsets behind each row, when all the bytes are plain rows; otherwise undefined.
   */
  endsIn(bytes: Buffer, maxRow: number): number[] | undefined;
}

const [FIELD, NOT_EMPTY] = ['[^,"\\r\\n\\0]*', '[^,"\\r\\n\\0]+'];

/**
 * What recognises the rows of a file that pass every rule, and are canonical CSV of the columns
 * that are sent, as they stand; undefined where no row of the file can be.
 */
export function plainRows(
  columns: readonly string[],
  { dialect, width, places }: Pick<Layout, 'dialect' | 'width' | 'places'>,
  { checksContacts, isTrimmed, nullText }: ValueRules,
): PlainRows | undefined {
  const isCanonical =
    dialect.delimiter === ',' &&
    (dialect.quote === '"' || dialect.quote === undefined) &&
    width === columns.length &&
    places.every((place, index) => place === index) &&
    !isTrimmed &&
    nullText === '';
  if (!isCanonical) return undefined;
  const fields = columns.map((column) => {
    if (checksContacts && column === 'email') return EMAIL_PATTERN;
    // a row of one empty field is a blank line
    return (checksContacts && column === 'name') || width === 1 ? NOT_EMPTY : FIELD;
  });
  // for text that was read as Latin-1, one character for each byte
  const row = new RegExp(`${fields.join(',')}\\n`, 'y');
  // then an email in it may be too long, too
  const longest = checksContacts ? MAX_EMAIL_LENGTH : Infinity;
  return { endsIn: (bytes, maxRow) => endsOf(bytes, row, Math.min(longest, maxRow)) };
}

function endsOf(bytes: Buffer, row: RegExp, longest: number): number[] | undefined {
  if (!isUtf8(bytes)) return undefined;
  const text = bytes.toString('latin1');
  const ends: number[] = [];
  for (let begin = 0; begin < text.length;) {
    row.lastIndex = begin;
    if (!row.test(text)) return undefined;
    const end = row.lastIndex;
    if (end - begin > longest) return undefined;
    ends.push(end);
    begin = end;
  }
  return ends;
}
