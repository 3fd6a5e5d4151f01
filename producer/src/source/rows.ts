import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { CsvError, parse, type Options } from 'csv-parse/sync';
import { FatalError, messageOf } from '@csv2db/libs/errors.ts';

/** A row that is not well-formed CSV (RFC 4180) or not UTF-8. */
export class MalformedRow {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

export type Row = string[] | MalformedRow;

/** Consecutive rows of a file. */
export interface RowChunk {
  /** Number of the first row; rows count from 1 at the start of the file, blank lines excluded. */
  firstRow: number;
  rows: Row[];
  /** Where to read the file from to come by these rows again. */
  start: Position;
  /** What was read there; empty when it is one row that is too long. */
  bytes: Buffer;
}

/** Where a chunk lies, without what is in it. */
export interface RowSpan {
  firstRow: number;
  /** Number of the last row. */
  lastRow: number;
  start: Position;
}

/** A place between two rows of a file: so many rows, lines and bytes are before it. */
export interface Position {
  rows: number;
  lines: number;
  bytes: number;
}

/** The place before the first row. */
export const START: Position = { rows: 0, lines: 0, bytes: 0 };

/**
 * Bytes that one row may have. Only an unclosed quote makes a row grow this long; without a bound it
 * would take the rest of the file into memory, and with it.
 */
const MAX_ROW = 1024 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const BYTE_ORDER_MARK = Buffer.from('\ufeff');

const CSV = {
  record_delimiter: ['\r\n', '\n'],
  relax_column_count: true,
  skip_empty_lines: true,
} as const satisfies Options;

/**
 * Streams the rows of a CSV file, in order, in constant memory. Stops early, without an error, when
 * the signal is aborted.
 *
 * @param blockSize bytes read at a time; a chunk holds the rows that end in one block.
 * @throws FatalError when reading fails.
 */
export async function* readRows(
  path: string,
  blockSize: number,
  signal: AbortSignal,
  from: Position = START,
): AsyncGenerator<RowChunk> {
  const blocks = createReadStream(path, { highWaterMark: blockSize, start: from.bytes, signal });
  try {
    yield* parseBlocks(blocks, from);
  } catch (error) {
    if (signal.aborted) return;
    throw new FatalError(`reading ${path} failed: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Parses a stream of bytes into chunks of rows.
 *
 * A malformed row costs one line: parsing goes on with the line after the one where it begins, so an
 * unclosed quote does not swallow the rows behind it.
 */
export async function* parseBlocks(
  blocks: AsyncIterable<Buffer>,
  from: Position = START,
): AsyncGenerator<RowChunk> {
  let rowsBefore = from.rows;
  let linesBefore = from.lines;
  let bytesRead = from.bytes;
  let rest: Buffer = Buffer.alloc(0);
  let longRow: Position | undefined;

  for await (const block of from.bytes === 0 ? withoutByteOrderMark(counted()) : counted()) {
    rest = rest.length === 0 ? block : Buffer.concat([rest, block]);
    if (longRow) {
      const lineBreak = rest.indexOf(LF);
      rest = lineBreak === -1 ? Buffer.alloc(0) : rest.subarray(lineBreak + 1);
      if (lineBreak === -1) continue;
      yield tooLong(longRow);
      linesBefore += 1;
      longRow = undefined;
    }
    yield* takeRows((bytes) => completeRows(bytes) || firstLineOfTooMuch(bytes));
    if (rest.length > MAX_ROW) {
      longRow = position();
      rest = Buffer.alloc(0);
    }
  }
  if (longRow) yield tooLong(longRow);
  yield* takeRows((bytes) => bytes.length);

  async function* counted(): AsyncGenerator<Buffer> {
    for await (const block of blocks) {
      bytesRead += block.length;
      yield block;
    }
  }

  function position(): Position {
    return { rows: rowsBefore, lines: linesBefore, bytes: bytesRead - rest.length };
  }

  function tooLong(start: Position): RowChunk {
    rowsBefore += 1;
    const row = new MalformedRow(`the row is longer than ${MAX_ROW} bytes`);
    return { firstRow: rowsBefore, rows: [row], start, bytes: Buffer.alloc(0) };
  }

  /** Parses the bytes at the head of the rest that `measure` allows, until it allows none. */
  function* takeRows(measure: (bytes: Buffer) => number): Generator<RowChunk> {
    for (let end = measure(rest); end > 0; end = measure(rest)) {
      const start = position();
      const { rows, consumed } = parseRows(rest.subarray(0, end));
      const bytes = rest.subarray(0, consumed);
      rest = rest.subarray(consumed);
      rowsBefore += rows.length;
      linesBefore += countLines(bytes);
      if (rows.length > 0) yield { firstRow: start.rows + 1, rows, start, bytes };
    }
  }
}

/** The lines of the file, from 1, on which the rows begin that a chunk was parsed into. */
export function linesOf({ start, bytes }: RowChunk): number[] {
  const lines: number[] = [];
  let line = start.lines + 1;
  let isBetween = true;
  let isQuoted = false;
  for (const [index, byte] of bytes.entries()) {
    const isBlank = byte === LF || (byte === CR && bytes[index + 1] === LF);
    if (isBetween && !isBlank) {
      lines.push(line);
      isBetween = false;
    }
    if (byte === QUOTE) isQuoted = !isQuoted;
    if (byte !== LF) continue;
    line += 1;
    isBetween ||= !isQuoted;
  }
  return lines;
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) lines += 1;
  return lines;
}

async function* withoutByteOrderMark(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const block of blocks) {
    if (head === undefined) {
      yield block;
      continue;
    }
    head = Buffer.concat([head, block]);
    if (head.length < BYTE_ORDER_MARK.length) continue;
    const marked = head.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
    yield marked ? head.subarray(BYTE_ORDER_MARK.length) : head;
    head = undefined;
  }
  if (head) yield head;
}

/**
 * Length of the first line, where no row ends within MAX_ROW bytes: that line opens a quote which
 * nothing closes. 0 while there is hope, or when the line itself has no end.
 */
function firstLineOfTooMuch(bytes: Buffer): number {
  return bytes.length > MAX_ROW ? bytes.indexOf(LF) + 1 : 0;
}

/** Length of the complete rows at the head of a buffer: up to its last line break outside quotes. */
function completeRows(bytes: Buffer): number {
  let end = 0;
  let from = 0;
  for (let quoted = false; ; quoted = !quoted) {
    const quote = bytes.indexOf(QUOTE, from);
    if (!quoted) {
      const unquoted = bytes.subarray(from, quote === -1 ? undefined : quote);
      const lineBreak = unquoted.lastIndexOf(LF);
      if (lineBreak !== -1) end = from + lineBreak + 1;
    }
    if (quote === -1) return end;
    from = quote + 1;
  }
}

/**
 * Parses bytes up to and including the first malformed row, or all of them.
 *
 * @param bytes whole rows; the last one may lack its line break.
 */
function parseRows(bytes: Buffer): { rows: Row[]; consumed: number } {
  try {
    return { rows: parseWellFormed(bytes), consumed: bytes.length };
  } catch (error) {
    if (!(error instanceof CsvError) || typeof error.bytes !== 'number') throw error;
    let start = error.bytes;
    while (bytes[start] === LF || bytes[start] === CR) start += 1;
    const lineBreak = bytes.indexOf(LF, start);
    return {
      rows: [
        ...parseRows(bytes.subarray(0, error.bytes)).rows,
        new MalformedRow(malformation(error)),
      ],
      consumed: lineBreak === -1 ? bytes.length : lineBreak + 1,
    };
  }
}

function parseWellFormed(bytes: Buffer): Row[] {
  if (!isUtf8(bytes)) return parseInvalidUtf8(bytes);
  return bytes.includes(QUOTE) ? parse(bytes, CSV) : splitRows(bytes.toString());
}

/**
 * Parses rows without a quote, where every comma and line break separates; in a fifth of the time. Two
 * fields are cut out at once: an array that grows takes more memory.
 */
function splitRows(text: string): Row[] {
  const rows: Row[] = [];
  const commaFrom = (from: number): number => {
    const comma = text.indexOf(',', from);
    return comma === -1 ? Infinity : comma;
  };
  let comma = commaFrom(0);
  for (let begin = 0; begin < text.length;) {
    const lineBreak = text.indexOf('\n', begin);
    const next = lineBreak === -1 ? text.length : lineBreak + 1;
    const hasCr = lineBreak > begin && text.charCodeAt(lineBreak - 1) === CR;
    const end = lineBreak === -1 ? text.length : lineBreak - Number(hasCr);
    const second = comma < end ? commaFrom(comma + 1) : comma;
    if (comma < end && second >= end) {
      rows.push([text.slice(begin, comma), text.slice(comma + 1, end)]);
    } else if (end > begin) {
      rows.push(text.slice(begin, end).split(','));
    }
    comma = second < end ? commaFrom(end) : second;
    begin = next;
  }
  return rows;
}

/** Parses rows some of which are not UTF-8, byte for byte, to tell which ones. */
function parseInvalidUtf8(bytes: Buffer): Row[] {
  return parse(bytes, { ...CSV, encoding: 'latin1' }).map((fields) => {
    const decoded = fields.map((field) => Buffer.from(field, 'latin1'));
    return decoded.every(isUtf8)
      ? decoded.map((field) => field.toString())
      : new MalformedRow('the row is not valid UTF-8');
  });
}

function malformation(error: CsvError): string {
  switch (error.code as string) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'a quoted field is not closed';
    case 'CSV_INVALID_CLOSING_QUOTE':
      return 'text follows the closing quote of a field';
    case 'INVALID_OPENING_QUOTE':
      return 'a quote stands inside a field that does not begin with one';
    default:
      return error.message;
  }
}
