import { countLines, LF, tooLong } from '@csv2db/libs/csv/bounds.ts';
import { MalformedRow, parseRows } from '@csv2db/libs/csv/rows.ts';
import type { ParsedChunk, PlainChunk, RowChunk } from './chunk.ts';
import { endsOfPlainRows } from './plain.ts';
import { type Position, START } from './position.ts';

/**
 * Bytes that one row may have. Only an unclosed quote makes a row grow this long; without a bound
 * it would take the rest of the file into memory, and with it.
 */
export const MAX_ROW = 1024 * 1024;

/** Bytes behind a quote that may decide what it is: a carriage return and a line feed. */
const BEHIND_QUOTE = 2;

const BYTE_ORDER_MARK = Buffer.from('\ufeff');

export interface ReadOptions {
  /** Whether rows that need no parsing are left as they are; default: true. */
  keepPlain?: boolean;
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
  from: Position = START,
  { keepPlain = true, maxRow = MAX_ROW }: ReadOptions = {},
): AsyncGenerator<RowChunk, void> {
  let position = from;
  let rest: Buffer = Buffer.alloc(0);
  let longRow: Position | undefined;

  for await (const block of blocks) {
    rest = rest.length === 0 ? block : Buffer.concat([rest, block]);
    if (position.bytes === 0) {
      if (beginsWith(BYTE_ORDER_MARK, rest)) continue;
      if (beginsWith(rest, BYTE_ORDER_MARK)) advance(BYTE_ORDER_MARK.length);
    }
    if (longRow) {
      const lineBreak = rest.indexOf(LF);
      advance(lineBreak === -1 ? rest.length : lineBreak + 1);
      if (lineBreak === -1) continue;
      yield oneTooLong(longRow);
      longRow = undefined;
    }
    const chunk = (keepPlain ? takePlain() : undefined) ?? take(false);
    if (chunk) yield chunk;
    if (rest.length <= maxRow + BEHIND_QUOTE) continue;
    longRow = position;
    advance(rest.length);
  }
  if (longRow) yield oneTooLong(longRow);
  if (position.bytes === 0 && rest.equals(BYTE_ORDER_MARK)) return;
  const chunk = take(true);
  if (chunk) yield chunk;

  /** The complete lines at the head of the rest, if all of them are plain rows. */
  function takePlain(): PlainChunk | undefined {
    const start = position;
    const lines = rest.subarray(0, rest.lastIndexOf(LF) + 1);
    const ends = lines.length > 0 ? endsOfPlainRows(lines) : undefined;
    if (!ends) return undefined;
    advance(lines.length, ends.length, ends.length);
    return { kind: 'plain', firstRow: start.rows + 1, start, csv: { bytes: lines, ends } };
  }

  /** Parses the complete rows at the head of the rest. */
  function take(isLast: boolean): ParsedChunk | undefined {
    const start = position;
    const { rows, consumed, starts } = parseRows(rest, isLast, maxRow);
    const bytes = advance(consumed, rows.length);
    if (rows.length === 0) return undefined;
    return { kind: 'parsed', firstRow: start.rows + 1, start, rows, bytes, starts };
  }

  /** Goes on behind so many bytes of the rest, and the rows and lines in them. */
  function advance(length: number, rows = 0, lines?: number): Buffer {
    const bytes = rest.subarray(0, length);
    rest = rest.subarray(length);
    position = {
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

/** Whether the first bytes of some are others. */
function beginsWith(bytes: Buffer, head: Buffer): boolean {
  return bytes.subarray(0, head.length).equals(head);
}
