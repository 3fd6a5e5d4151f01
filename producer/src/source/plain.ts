import { isUtf8 } from 'node:buffer';
import { EMAIL_PATTERN, MAX_EMAIL_LENGTH } from '@csv2db/libs/contact.ts';
import type { CsvRows } from '@csv2db/libs/csv/records.ts';
import type { ValueRules } from '../values.ts';
import type { Layout } from './layout.ts';

/** Recognises rows that need no parsing, and makes canonical CSV of the columns that are sent. */
export interface PlainRows {
  /**
   * @param bytes complete lines.
   * @param maxRow the most bytes of a row.
   * @returns the rows, when all the bytes are plain ones; otherwise undefined.
   */
  take(bytes: Buffer, maxRow: number): CsvRows | undefined;
}

/** Delimiters that no email has. */
const DELIMITERS = [',', ';', '\t'];

/**
 * What recognises the rows of a file that pass every rule, and need no quotes; undefined where that
 * may be otherwise. Rows that are canonical CSV as they stand are not copied.
 */
export function plainRows(
  columns: readonly string[],
  { dialect, width, places }: Pick<Layout, 'dialect' | 'width' | 'places'>,
  { checksContacts, isTrimmed, nullText }: ValueRules,
): PlainRows | undefined {
  const { delimiter, quote } = dialect;
  const isSimple =
    DELIMITERS.includes(delimiter) &&
    (quote === '"' || quote === undefined) &&
    !isTrimmed &&
    nullText === '' &&
    // none is, of a file that is empty so far
    places.every((place) => place < width);
  if (!isSimple) return undefined;
  const isInPlace = places.length === width && places.every((place, index) => place === index);
  const asItStands = isInPlace && delimiter === ',';
  const captured = places.toSorted((a, b) => a - b);
  const fields = Array.from({ length: width }, (_, place) => {
    const pattern = patternOf(place);
    return captured.includes(place) && !asItStands ? `(${pattern})` : pattern;
  });
  // for text that was read as Latin-1, one character for each byte
  const row = new RegExp(`${fields.join(delimiter)}\\n`, 'y');
  // no email in a row is longer than it, which takes less time than to look at each
  const longest = checksContacts ? MAX_EMAIL_LENGTH : Infinity;
  const distinct = [...new Set(captured)];
  const groups = places.map((place) => distinct.indexOf(place) + 1);
  return {
    take: (bytes, maxRow) => {
      if (!isUtf8(bytes)) return undefined;
      const text = bytes.toString('latin1');
      if (!asItStands) return copied(text, row, groups, maxRow);
      const ends = endsOf(text, row, Math.min(longest, maxRow));
      return ends && { bytes, ends };
    },
  };

  function patternOf(place: number): string {
    const names = columns.filter((_, index) => places[index] === place);
    const character = `[^${delimiter},"\\r\\n\\0]`;
    if (checksContacts && names.includes('email')) {
      const tooLong = `(?!${character}{${MAX_EMAIL_LENGTH + 1}})`;
      return asItStands ? EMAIL_PATTERN : tooLong + EMAIL_PATTERN;
    }
    const isNeeded =
      (checksContacts && names.includes('name')) ||
      // a row of one empty field is a blank line, in the file and in a message
      width === 1 ||
      (columns.length === 1 && names.length > 0);
    return `${character}${isNeeded ? '+' : '*'}`;
  }
}

function endsOf(text: string, row: RegExp, maxRow: number): number[] | undefined {
  const ends: number[] = [];
  for (let begin = 0; begin < text.length;) {
    row.lastIndex = begin;
    if (!row.test(text)) return undefined;
    const end = row.lastIndex;
    if (end - begin > maxRow) return undefined;
    ends.push(end);
    begin = end;
  }
  return ends;
}

/** Writes the groups of each row anew. */
function copied(
  text: string,
  row: RegExp,
  groups: readonly number[],
  maxRow: number,
): CsvRows | undefined {
  const ends: number[] = [];
  let csv = '';
  for (let begin = 0; begin < text.length;) {
    row.lastIndex = begin;
    const fields = row.exec(text);
    if (!fields || row.lastIndex - begin > maxRow) return undefined;
    begin = row.lastIndex;
    csv += `${groups.map((group) => fields[group]).join(',')}\n`;
    ends.push(csv.length);
  }
  return { bytes: Buffer.from(csv, 'latin1'), ends };
}
