import { isEmail } from '@csv2db/libs/contact.ts';
import { visible } from '@csv2db/libs/visible.ts';
import type { ColumnWish } from './columns.ts';
import { FormatError } from './foreign.ts';

/** Whether the first row of a file is a header; `auto` looks. */
export type HeaderWish = 'auto' | 'yes' | 'no';

/** Where the columns are that are sent. */
export interface Columns {
  /** Whether the first row names the columns. */
  hasHeader: boolean;
  /** Fields of each row. */
  width: number;
  /** The place of each column that is sent among them, from 0. */
  places: readonly number[];
}

/**
 * Finds the columns that are sent: by their names where the first row is a header, otherwise by
 * their places.
 *
 * @param first the fields of the first row; undefined when the file has none.
 * @throws FormatError when a column is not there, or is there twice.
 */
export function findColumns(
  first: readonly string[] | undefined,
  wishes: readonly ColumnWish[],
  header: HeaderWish,
  file: string,
): Columns {
  const isHeader =
    first !== undefined && (header === 'yes' || (header === 'auto' && isHeaderOf(first, wishes)));
  if (isHeader) {
    return {
      hasHeader: true,
      width: first.length,
      places: wishes.map((wish) => placeInHeader(first, wish, file)),
    };
  }
  const places = wishes.map((wish, index) => placeInRow(first, wish, index, file));
  // without a place, a row has what is sent and nothing else, as in the original
  const isPlaced = wishes.some(({ from }) => from !== undefined);
  const width = isPlaced && first ? first.length : wishes.length;
  return { hasHeader: false, width, places };
}

/** Whether the first row names every column that is sent. */
export function isHeaderOf(first: readonly string[], wishes: readonly ColumnWish[]): boolean {
  const cells = first.map(normal);
  return wishes.every(({ name, from = name }) =>
    typeof from === 'number' ? cells[from - 1] === normal(name) : cells.includes(normal(from)),
  );
}

/** Whether the first row, which does not name every column, names some, and has no email. */
export function seemsHeader(first: readonly string[], wishes: readonly ColumnWish[]): boolean {
  const cells = first.map(normal);
  if (cells.some(isEmail)) return false;
  return wishes.some(
    ({ name }) => cells.includes(normal(name)) || (name === 'email' && cells.some(isAboutEmail)),
  );
}

function isAboutEmail(cell: string): boolean {
  return /^e-?mail\b/.test(cell);
}

function placeInHeader(header: readonly string[], wish: ColumnWish, file: string): number {
  const { name, from = name } = wish;
  if (typeof from === 'number') return placeInRow(header, wish, from - 1, file);
  const exact = placesOf(header, (cell) => cell.trim() === from.trim());
  const places =
    exact.length === 1 ? exact : placesOf(header, (cell) => normal(cell) === normal(from));
  const [place] = places;
  if (place !== undefined && places.length === 1) return place;
  const what =
    place === undefined
      ? `has no column "${from}"`
      : `has the column "${from}" ${places.length} times`;
  const remedy = `name the one to take with --columns, as in ${name}="…" or ${name}=3`;
  throw new FormatError(`the header of ${file} ${what}, it has ${listed(header)}: ${remedy}`);
}

function placeInRow(
  first: readonly string[] | undefined,
  { name, from = name }: ColumnWish,
  index: number,
  file: string,
): number {
  if (from === name) return index;
  if (!first) return typeof from === 'number' ? from - 1 : index;
  if (typeof from === 'string') {
    throw new FormatError(
      `--columns ${name}="${from}": ${file} has no header with that name, its first row is ${listed(first)}; without a header a column is named by its place, as in ${name}=3`,
    );
  }
  if (from <= first.length) return from - 1;
  throw new FormatError(
    `--columns ${name}=${from}: the first row of ${file} has ${first.length} columns: ${listed(first)}`,
  );
}

function placesOf(cells: readonly string[], matches: (cell: string) => boolean): number[] {
  return cells.flatMap((cell, place) => (matches(cell) ? [place] : []));
}

/** Names that differ in case and in the space around them are the same. */
function normal(name: string): string {
  return name.trim().toLowerCase();
}

/** Names for a message: not all of very many. */
export function listed(cells: readonly string[]): string {
  const some = cells.slice(0, MOST_LISTED).map((cell) => visible(cell.trim()));
  const more = cells.length - some.length;
  return more > 0 ? `${some.join(', ')} and ${more} more` : some.join(', ');
}

const MOST_LISTED = 30;
