/** Where one row of a file lies in the bytes at hand. */
export interface RowBounds {
  /** Offset of its first byte. */
  start: number;
  /** Offset behind its last byte; its line break is not part of it. */
  end: number;
  isQuoted: boolean;
  /** Why it is not well-formed CSV (RFC 4180, 2); undefined when it is. */
  problem: string | undefined;
}

export const LF = 0x0a;
export const CR = 0x0d;
export const QUOTE = 0x22;
export const COMMA = 0x2c;

const LATE_QUOTE = 'a quote stands inside a field that does not begin with one';
const AFTER_QUOTE = 'text follows the closing quote of a field';
const NOT_CLOSED = 'a quoted field is not closed';

/** The number of line breaks in some bytes. */
export function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) lines += 1;
  return lines;
}

/** The problem of a row that is longer than it may be. */
export function tooLong(maxRow: number): string {
  return `the row is longer than ${maxRow} bytes`;
}

/**
 * Finds the rows at the head of some bytes. Blank lines between them are none.
 *
 * A row ends with the first line break outside quotes; a quote is one only where it begins a field.
 * Of a quoted field that is not closed, or has text behind its closing quote, nobody knows whether
 * it was to have line breaks: the row ends with the first one in it, and the rows behind are not
 * swallowed.
 *
 * The result does not depend on how many more bytes are there than those that decide it.
 *
 * @param isLast whether no more bytes come; otherwise a row whose end is not there yet is left out.
 * @param maxRow bytes within which a quoted field must end; a longer row has a problem.
 * @returns the rows, and the number of bytes up to the end of the last one, with its line break.
 */
export function findRows(
  bytes: Buffer,
  isLast: boolean,
  maxRow: number,
): { bounds: RowBounds[]; consumed: number } {
  const bounds: RowBounds[] = [];
  let nextQuote = -1;
  let start = 0;

  while (start < bytes.length) {
    if (nextQuote < start) nextQuote = offsetOf(QUOTE, start);
    const line = offsetOf(LF, start);
    const found = nextQuote < line ? quotedRow() : { lineBreak: line, problem: undefined };
    if (!found) break;
    const { lineBreak } = found;
    if (lineBreak === bytes.length && !isLast) break;
    const isCrLf = lineBreak > start && bytes[lineBreak - 1] === CR;
    const end = lineBreak - Number(isCrLf);
    if (end > start) {
      const problem = end - start > maxRow ? tooLong(maxRow) : found.problem;
      bounds.push({ start, end, isQuoted: nextQuote < end, problem });
    }
    start = Math.min(lineBreak + 1, bytes.length);
  }
  return { bounds, consumed: start };

  /** The offset of the next such byte; the end of the bytes when there is none. */
  function offsetOf(byte: number, from: number): number {
    const offset = bytes.indexOf(byte, from);
    return offset === -1 ? bytes.length : offset;
  }

  /** Where a row with quotes ends; undefined when more bytes must tell. */
  function quotedRow(): { lineBreak: number; problem: string | undefined } | undefined {
    for (let field = start; ; field += 1) {
      if (bytes[field] === QUOTE) {
        const quote = closingQuote(field);
        if (quote === undefined) return undefined;
        const isClosed = quote < bytes.length && quote - start <= maxRow;
        const follows = isClosed ? whatFollows(quote + 1) : 'nothing that closes it';
        if (follows === undefined) return undefined;
        if (follows === 'line break') return { lineBreak: offsetOf(LF, quote), problem: undefined };
        if (follows !== 'comma') {
          const inField = offsetOf(LF, field);
          const lineBreak = inField < quote ? inField : offsetOf(LF, isClosed ? quote : field);
          return { lineBreak, problem: isClosed ? AFTER_QUOTE : NOT_CLOSED };
        }
        field = quote + 1;
        continue;
      }
      while (field < bytes.length && bytes[field] !== COMMA) {
        if (bytes[field] === LF) return { lineBreak: field, problem: undefined };
        if (bytes[field] === QUOTE) {
          return { lineBreak: offsetOf(LF, field), problem: LATE_QUOTE };
        }
        field += 1;
      }
      if (field >= bytes.length) return { lineBreak: bytes.length, problem: undefined };
    }
  }

  /**
   * The quote that closes a field; the end of the bytes when none does, undefined while one may
   * come.
   */
  function closingQuote(field: number): number | undefined {
    for (let at = field + 1; ; at += 2) {
      at = offsetOf(QUOTE, at);
      if (at === bytes.length) return isLast || at - start > maxRow ? at : undefined;
      if (bytes[at + 1] !== QUOTE) return at;
    }
  }

  function whatFollows(at: number): 'comma' | 'line break' | 'text' | undefined {
    if (bytes[at] === COMMA) return 'comma';
    if (bytes[at] === LF || (bytes[at] === CR && bytes[at + 1] === LF)) return 'line break';
    const isCut = at === bytes.length || (at + 1 === bytes.length && bytes[at] === CR);
    if (!isCut) return 'text';
    return isLast ? 'line break' : undefined;
  }
}
