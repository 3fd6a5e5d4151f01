import { countLines, CR, LF, tooLong } from '@csv2db/libs/csv/bounds.ts';
import type { Dialect } from '@csv2db/libs/csv/dialect.ts';
import { MalformedRow, parseRows } from '@csv2db/libs/csv/rows.ts';
import type { ParsedChunk, PlainChunk, RowChunk } from './chunk.ts';
import type { PlainRows } from './plain.ts';
import type { Position } from './position.ts';

/**
 * Bytes that one row may have. Only an unclosed quote makes a row grow this long; without a bound
 * it would take the rest of the file into memory, and with it.
 */
export const MAX_ROW = 1024 * 1024;

/** Bytes behind a quote that may decide what it is: a carriage return and a line feed. */
const BEHIND_QUOTE = 2;

export interface ReadOptions {
  dialect: Dialect;
  /** What the text was in; default: UTF-8. */
  encoding?: string;
  /** Recognises rows that need no parsing; undefined when each is to be parsed. */
  plain: PlainRows | undefined;
  /** The most bytes of a row; default: `MAX_ROW`. */
  maxRow?: number;
}

/**
 * Parses a stream of bytes into chunks of rows, in constant memory. A chunk holds the rows that end
 * in one block. Where all of them are plain, they are not parsed.
 *
 * @param from where the blocks begin in the file.
 */
export async function* readRows(
  blocks: AsyncIterable<Buffer>,
  from: Position,
  { dialect, encoding = 'UTF-8', plain, maxRow = MAX_ROW }: ReadOptions,
): AsyncGenerator<RowChunk, void> {
  let position = from;
  let rest: Buffer = Buffer.alloc(0);
  let longRow: Position | undefined;

  for await (const block of blocks) {
    rest = rest.length === 0 ? block : Buffer.concat([rest, block]);
    if (longRow) {
      const isOver = skipLine();
      if (!isOver) continue;
      yield oneTooLong(longRow);
      longRow = undefined;
    }
    const chunk = takePlain() ?? take(false);
    if (chunk) yield chunk;
    if (rest.length <= maxRow + BEHIND_QUOTE) continue;
    longRow = position;
    // no row ends in it, but at a carriage return the next line may begin
    advance(rest.at(-1) === CR ? rest.length - 1 : rest.length);
  }
  if (longRow) yield oneTooLong(longRow);
  const chunk = take(true);
  if (chunk) yield chunk;

  /** The complete lines at the head of the rest, if all of them are plain rows. */
  function takePlain(): PlainChunk | undefined {
    const start = position;
    // behind a carriage return, parsing finds rows that have no line feed
    const end = rest.includes(CR) ? 0 : rest.lastIndexOf(LF) + 1;
    const lines = rest.subarray(0, end);
    const csv = lines.length > 0 ? plain?.take(lines, maxRow) : undefined;
    if (!csv) return undefined;
    advance(lines.length, csv.ends.length, csv.ends.length);
    return { kind: 'plain', firstRow: start.rows + 1, start, csv };
  }

  /** Parses the complete rows at the head of the rest. */
  function take(isLast: boolean): ParsedChunk | undefined {
    const start = position;
    const { rows, consumed, starts } = parseRows(rest, isLast, maxRow, { dialect, encoding });
    const bytes = advance(consumed, rows.length);
    if (rows.length === 0) return undefined;
    return { kind: 'parsed', firstRow: start.rows + 1, start, rows, bytes, starts };
  }

  /** Leaves out a line, as far as it is there. @returns whether its end was. */
  function skipLine(): boolean {
    const found = [rest.indexOf(LF), rest.indexOf(CR)].filter((offset) => offset !== -1);
    const lineBreak = Math.min(...found, rest.length);
    const isCr = rest[lineBreak] === CR;
    // the line feed that may belong to it is not there yet
    const isCut = lineBreak === rest.length || (isCr && lineBreak + 1 === rest.length);
    const length = isCr && rest[lineBreak + 1] === LF ? 2 : 1;
    advance(isCut ? lineBreak : lineBreak + length);
    return !isCut;
  }

  /** Goes on behind so many bytes of the rest, and the rows and lines in them. */
  function advance(length: number, rows = 0, lines?: number): Buffer {
    const bytes = rest.subarray(0, length);
    rest = rest.subarray(length);
    position = {
      file: position.file,
      rows: position.rows + rows,
      lines: position.lines + (lines ?? countLines(bytes)),
      bytes: position.bytes + length,
    };
    return bytes;
  }

  function oneTooLong(start: Position): ParsedChunk {
    position = { ...position, rows: start.rows + 1 };
    const row = new MalformedRow(tooLong(maxRow));
    const bytes = Buffer.alloc(0);
    return { kind: 'parsed', firstRow: start.rows + 1, start, rows: [row], bytes, starts: [0] };
  }
}
