import { isUtf8 } from 'node:buffer';
import { parse } from 'csv-parse/sync';
import { CR, findRows, LF, type RowBounds } from './bounds.ts';
import { COMMAS, type Dialect } from './dialect.ts';
import type { Values } from './records.ts';

/** A row that is not well-formed CSV (RFC 4180), not UTF-8, or too long. */
export class MalformedRow {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

function notValid(encoding: string): string {
  return `the row is not valid ${encoding}`;
}

/** The reason of a row whose bytes are not UTF-8. */
export const NOT_UTF8 = notValid('UTF-8');

/** The fields of a row, or why it has none that count. */
export type Row = Values | MalformedRow;

/** The rows at the head of some bytes. */
export interface ParsedRows {
  rows: Row[];
  /** Number of the bytes that hold them, with the blank lines between them. */
  consumed: number;
  /** The offset at which each begins; undefined where every line that is not blank is a row. */
  starts: number[] | undefined;
}

export interface ParseOptions {
  /**
   * Whether an empty field without quotes is NULL, as COPY has it in the CSV format; otherwise it
   * is empty. Default: false.
   */
  emptyIsNull?: boolean;
  /** Default: that of messages. */
  dialect?: Dialect;
  /** What the text was in, for the reason of a row that is not UTF-8; default: UTF-8. */
  encoding?: string;
}

/**
 * Parses the complete rows at the head of some bytes.
 *
 * There are two ways. Where no quote is in the bytes, every delimiter and line break separates, and
 * they are cut as one text, in a fifth of the time. Otherwise the rows are found first, and parsed
 * one by one. Both part rows by the same rule, of which the first way has only the simple half.
 *
 * @param isLast whether the last row is complete without a line break, because no more bytes come.
 * @param maxRow the most bytes of a row.
 */
export function parseRows(
  bytes: Buffer,
  isLast: boolean,
  maxRow: number,
  { emptyIsNull = false, dialect = COMMAS, encoding = 'UTF-8' }: ParseOptions = {},
): ParsedRows {
  const { delimiter, quote } = dialect;
  if (bytes.length <= maxRow && !(quote !== undefined && bytes.includes(quote))) {
    const consumed = isLast ? bytes.length : endOfLines(bytes);
    const lines = bytes.subarray(0, consumed);
    if (isUtf8(lines)) {
      const rows = splitRows(lines.toString(), delimiter);
      return { rows: emptyIsNull ? rows.map(nullified) : rows, consumed, starts: undefined };
    }
  }
  const { bounds, consumed } = findRows(bytes, isLast, maxRow, dialect);
  const rows = parseFound(bytes, bounds, { emptyIsNull, dialect, encoding });
  return { rows, consumed, starts: bounds.map(({ start }) => start) };
}

/** The offset behind the last line break. Of a carriage return at the end half may be missing. */
function endOfLines(bytes: Buffer): number {
  return Math.max(bytes.lastIndexOf(LF), bytes.subarray(0, -1).lastIndexOf(CR)) + 1;
}

/** A row without quotes in which every empty field is NULL. */
function nullified(fields: Values): Values {
  return fields.includes('') ? fields.map((field) => (field === '' ? null : field)) : fields;
}

/**
 * Parses rows that were found. All that have quotes go through csv-parse at once: a call of it is
 * dear.
 */
function parseFound(
  bytes: Buffer,
  bounds: readonly RowBounds[],
  { emptyIsNull, dialect, encoding }: Required<ParseOptions>,
): Row[] {
  const { delimiter, quote } = dialect;
  const quoted: { index: number; text: string }[] = [];
  const rows = bounds.map(({ start, end, isQuoted, problem }, index): Row => {
    if (problem !== undefined) return new MalformedRow(problem);
    const row = bytes.subarray(start, end);
    if (!isUtf8(row)) return new MalformedRow(notValid(encoding));
    const text = row.toString();
    if (!isQuoted) return emptyIsNull ? nullified(text.split(delimiter)) : text.split(delimiter);
    quoted.push({ index, text });
    return [];
  });
  if (quoted.length === 0) return rows;
  const parsed = parse(quoted.map(({ text }) => `${text}\n`).join(''), {
    delimiter,
    quote: quote ?? null,
    escape: quote ?? null,
    record_delimiter: '\n',
    relax_column_count: true,
  });
  if (parsed.length !== quoted.length) {
    throw new Error(`csv-parse makes ${parsed.length} rows of ${quoted.length}`);
  }
  for (const [place, { index, text }] of quoted.entries()) {
    const fields = parsed[place] ?? [];
    rows[index] = emptyIsNull && fields.includes('') ? nullifiedAsQuoted(fields, text) : fields;
  }
  return rows;
}

/** A row in which every empty field is NULL that has no quotes. csv-parse tells of quotes at 20 times the time. */
function nullifiedAsQuoted(fields: readonly string[], text: string): Values {
  let at = 0;
  return fields.map((field) => {
    const isQuoted = text[at] === '"';
    // every quote in it was doubled
    const quotes = isQuoted ? 2 + (field.match(/"/g)?.length ?? 0) : 0;
    at += field.length + quotes + 1;
    return field === '' && !isQuoted ? null : field;
  });
}

/** Two fields, as most rows have, are cut out at once: an array that grows takes more memory. */
function splitRows(lines: string, delimiter: string): Values[] {
  const text = lines.includes('\r') ? lines.replaceAll(/\r\n?/g, '\n') : lines;
  const rows: Values[] = [];
  const delimiterFrom = (from: number): number => {
    const at = text.indexOf(delimiter, from);
    return at === -1 ? Infinity : at;
  };
  let first = delimiterFrom(0);
  for (let begin = 0; begin < text.length;) {
    const found = text.indexOf('\n', begin);
    const end = found === -1 ? text.length : found;
    const second = first < end ? delimiterFrom(first + 1) : first;
    if (first < end && second >= end) {
      rows.push([text.slice(begin, first), text.slice(first + 1, end)]);
    } else if (end > begin) {
      rows.push(text.slice(begin, end).split(delimiter));
    }
    first = second < end ? delimiterFrom(end) : second;
    begin = end + 1;
  }
  return rows;
}
