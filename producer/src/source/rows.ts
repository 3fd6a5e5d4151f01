import { LF, tooLong } from './bounds.ts';
import type { RowChunk } from './chunk.ts';
import { MalformedRow, parseRows } from './csv.ts';
import { countLines } from './lines.ts';
import { type Position, START } from './position.ts';

/**
 * Bytes that one row may have. Only an unclosed quote makes a row grow this long; without a bound
 * it would take the rest of the file into memory, and with it.
 */
export const MAX_ROW = 1024 * 1024;

/** Bytes behind a quote that may decide what it is: a carriage return and a line feed. */
const BEHIND_QUOTE = 2;

const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/**
 * Parses a stream of bytes into chunks of rows, in constant memory. A chunk holds the rows that end
 * in one block.
 *
 * @param from where the blocks begin in the file.
 */
export async function* readRows(
  blocks: AsyncIterable<Buffer>,
  from: Position = START,
  maxRow = MAX_ROW,
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
    const chunk = take(false);
    if (chunk) yield chunk;
    if (rest.length <= maxRow + BEHIND_QUOTE) continue;
    longRow = position;
    advance(rest.length);
  }
  if (longRow) yield oneTooLong(longRow);
  if (position.bytes === 0 && rest.equals(BYTE_ORDER_MARK)) return;
  const chunk = take(true);
  if (chunk) yield chunk;

  /** Parses the complete rows at the head of the rest. */
  function take(isLast: boolean): RowChunk | undefined {
    const start = position;
    const { rows, consumed, starts } = parseRows(rest, isLast, maxRow);
    const bytes = advance(consumed);
    if (rows.length === 0) return undefined;
    position = { ...position, rows: start.rows + rows.length };
    return { firstRow: start.rows + 1, rows, start, bytes, starts };
  }

  /** Goes on behind so many bytes of the rest. */
  function advance(length: number): Buffer {
    const bytes = rest.subarray(0, length);
    rest = rest.subarray(length);
    const { rows, lines } = position;
    position = { rows, lines: lines + countLines(bytes), bytes: position.bytes + length };
    return bytes;
  }

  function oneTooLong(start: Position): RowChunk {
    position = { ...position, rows: start.rows + 1 };
    const row = new MalformedRow(tooLong(maxRow));
    const bytes = Buffer.alloc(0);
    return { firstRow: start.rows + 1, rows: [row], start, bytes, starts: [0] };
  }
}

/** Whether the first bytes of some are others. */
function beginsWith(bytes: Buffer, head: Buffer): boolean {
  return bytes.subarray(0, head.length).equals(head);
}
