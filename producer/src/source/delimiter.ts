import { isEmail } from '@csv2db/libs/contact.ts';
import type { ColumnWish } from './columns.ts';
import { fieldsOf, type Head } from './head.ts';
import { names } from './header.ts';

/** What may stand between fields, the most likely first, and what it is called. */
const DELIMITERS: ReadonlyMap<string, string> = new Map([
  [',', 'commas'],
  [';', 'semicolons'],
  ['\t', 'tabs'],
  ['|', 'vertical bars'],
]);

/** What a delimiter is called. */
export function nameOfDelimiter(delimiter: string): string {
  return DELIMITERS.get(delimiter) ?? `"${delimiter}"`;
}

/**
 * The delimiter that a file seems to have: the one by which its first row is a header, or by which
 * most rows are as they have to be, or at least alike. A comma where none tells more.
 */
export function likelyDelimiter(
  head: Head,
  quote: string | undefined,
  columns: readonly ColumnWish[],
): string {
  let [best, bestScore] = [',', 0];
  for (const delimiter of DELIMITERS.keys()) {
    const score = scoreOf(fieldsOf(head, { delimiter, quote }), columns);
    if (score > bestScore) [best, bestScore] = [delimiter, score];
  }
  return best;
}

/** How well rows are told apart: a header counts for more than all rows, a fitting row for more than one that is like others. */
function scoreOf(rows: readonly string[][], columns: readonly ColumnWish[]): number {
  const [first] = rows;
  if (!first) return 0;
  const emailPlace = columns.findIndex(({ name }) => name === 'email');
  const fitting = rows.filter(
    (row) =>
      row.length === columns.length &&
      (emailPlace === -1 || isEmail((row[emailPlace] ?? '').trim())),
  );
  const isHeader =
    columns.length > 0 && names(first, columns) && (first.length > 1 || columns.length === 1);
  const alike = first.length > 1 ? rows.filter(({ length }) => length === first.length) : [];
  const share = (some: readonly unknown[]): number => some.length / rows.length;
  return Number(isHeader) * 4 + share(fitting) * 2 + share(alike);
}
