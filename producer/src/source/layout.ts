import type { Dialect } from '@csv2db/libs/csv/dialect.ts';
import type { ColumnWish } from './columns.ts';
import { likelyDelimiter, nameOfDelimiter } from './delimiter.ts';
import { FormatError } from './foreign.ts';
import { firstRow, type Head, isBlank } from './head.ts';
import { type Columns, findColumns, type HeaderWish, listed, seemsHeader } from './header.ts';

/** What a user says of the form of the files. */
export interface LayoutWishes {
  columns: readonly ColumnWish[];
  header: HeaderWish;
  /** Undefined when it is to be found out. */
  delimiter: string | undefined;
  /** Undefined when none has a meaning. */
  quote: string | undefined;
}

/** How the rows of a file are made. */
export interface Layout extends Columns {
  dialect: Dialect;
  /** Names of the columns that are sent. */
  sent: readonly string[];
  /** Names of its columns; where it has no header, those that are known. */
  names: readonly string[];
  /** Bytes and lines in front of the rows. */
  begin: { bytes: number; lines: number };
  /** What is worth telling about it. */
  notes: readonly string[];
  /** What is likely to be wrong with it. */
  warning: string | undefined;
}

/**
 * Finds out how the rows of a file are made.
 *
 * @throws FatalError when the columns are not in it.
 */
export function findLayout(head: Head, wishes: LayoutWishes, file: string): Layout {
  const { columns: wanted, quote } = wishes;
  const delimiter = wishes.delimiter ?? likelyDelimiter(head, quote, wanted);
  const dialect = { delimiter, quote };
  const first = firstRow(head, dialect);
  const needsHeader =
    wishes.header === 'yes' || wanted.some(({ from }) => typeof from === 'string');
  if (!first && needsHeader && !isBlank(head)) {
    throw new FormatError(
      `the first row of ${file} can't be read as a header: it is malformed, or very long`,
    );
  }
  const columns = findColumns(first?.fields, wanted, wishes.header, file);
  const sent = wanted.map(({ name }) => name);
  const names = columns.hasHeader ? (first?.fields ?? []) : namesByPlace(columns, wanted);
  const begin = (columns.hasHeader ? first?.end : undefined) ?? { bytes: 0, lines: 0 };
  const notes = [...notesOn(file, delimiter, columns, names)];
  const isMistaken =
    !columns.hasHeader && wishes.header === 'auto' && first && seemsHeader(first.fields, wanted);
  const warning = isMistaken
    ? `the first line of ${file} seems to be a header, and is taken for a row: say with --columns which of ${listed(first.fields)} is which, as in email="E-mail"`
    : undefined;
  return { ...columns, dialect, sent, names, begin, notes, warning };
}

function namesByPlace({ width, places }: Columns, wanted: readonly ColumnWish[]): string[] {
  return Array.from({ length: width }, (_, place) => {
    const column = wanted[places.indexOf(place)];
    return column?.name ?? `column ${place + 1}`;
  });
}

function* notesOn(
  file: string,
  delimiter: string,
  { hasHeader, places }: Columns,
  names: readonly string[],
): Generator<string> {
  if (delimiter !== ',') {
    yield `${file} is separated by ${nameOfDelimiter(delimiter)}`;
  }
  if (hasHeader) yield `the first line of ${file} is a header`;
  const others = names.filter((_, place) => !places.includes(place));
  const many = others.length === 1 ? '1 column' : `${others.length} columns`;
  if (others.length > 0) yield `left out are ${many} of ${file}: ${listed(others)}`;
}
