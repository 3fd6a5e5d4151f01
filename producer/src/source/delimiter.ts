import { isEmail } from '@csv2db/libs/contact.ts';
import type { ColumnWish } from './columns.ts';
import { fieldsOf, type Head } from './head.ts';
import { isHeaderOf } from './header.ts';

/** What may stand between fields, the most likely first, and what it is called. */
const DELIMITERS: ReadonlyMap<string, string> = new Map([
  [',', 'commas'],
  [';', 'semicolons'],
  ['\t', 'tabs'],
  ['|', 'vertical bars'],
]);

export function nameOfDelimiter(delimiter: string): string {
  return DELIMITERS.get(delimiter) ?? `"${delimiter}"`;
}

/**
 * The delimiter that a file seems to have: the one by which its first row is a header; commas where
 * any row has an email by them, as in the original; otherwise the one by which most rows have all
 * columns, or are at least alike. A comma where none tells more.
 */
export function likelyDelimiter(
  head: Head,
  quote: string | undefined,
  columns: readonly ColumnWish[],
): string {
  const candidates = [...DELIMITERS.keys()]
    .filter((delimiter) => delimiter !== quote)
    .map((delimiter) => ({ delimiter, rows: fieldsOf(head, { delimiter, quote }) }));
  const withHeader = candidates.find(({ rows: [first] }) => first && isHeaderOf(first, columns));
  if (withHeader) return withHeader.delimiter;
  const byCommas = candidates.find(({ delimiter }) => delimiter === ',');
  if (byCommas?.rows.some((row) => hasEmail(row, columns) === true)) return ',';
  let [best, bestScore] = [',', 0];
  for (const { delimiter, rows } of candidates) {
    const score = scoreOf(rows, columns);
    if (score > bestScore) [best, bestScore] = [delimiter, score];
  }
  return best;
}

/** How well rows are told apart: a row that has all columns counts twice one that is like the first. */
function scoreOf(rows: readonly string[][], columns: readonly ColumnWish[]): number {
  const width = rows[0]?.length ?? 0;
  if (width < 2) return 0;
  const alike = rows.filter(({ length }) => length === width);
  const whole = rows.filter((row) => hasAll(row, columns) && hasEmail(row, columns) !== false);
  return (2 * whole.length + alike.length) / rows.length;
}

/** Whether a row without a header has the columns that are wanted. */
function hasAll(row: readonly string[], columns: readonly ColumnWish[]): boolean {
  const isPlaced = columns.some(({ from }) => from !== undefined);
  const width = Math.max(...columns.map((column, index) => placeOf(column, index) + 1));
  return isPlaced ? row.length >= width : row.length === width;
}

/**
 * Whether a row has an email where it should be; undefined where none is wanted. A vertical bar may
 * be in one, and is likelier to stand before it.
 */
function hasEmail(row: readonly string[], columns: readonly ColumnWish[]): boolean | undefined {
  const index = columns.findIndex(({ name }) => name === 'email');
  const column = columns[index];
  if (!column) return undefined;
  const email = row[placeOf(column, index)] ?? '';
  return hasAll(row, columns) && isEmail(email) && !email.includes('|');
}

function placeOf({ from }: ColumnWish, index: number): number {
  return typeof from === 'number' ? from - 1 : index;
}
