import { COMMAS, type Dialect } from './dialect.ts';

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

/** The number of line breaks in some bytes: each is LF, CR, or both. */
export function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) lines += 1;
  for (let at = bytes.indexOf(CR); at !== -1; at = bytes.indexOf(CR, at + 1)) {
    if (bytes[at + 1] !== LF) lines += 1;
  }
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
  dialect: Dialect = COMMAS,
): { bounds: RowBounds[]; consumed: number } {
  const delimiter = dialect.delimiter.charCodeAt(0);
  const quote = dialect.quote?.charCodeAt(0);
  const [nextLf, nextCr] = [finder(bytes, LF), finder(bytes, CR)];
  const nextQuote = quote === undefined ? () => bytes.length : finder(bytes, quote);
  const nextBreak = (from: number): number => Math.min(nextLf(from), nextCr(from));
  const bounds: RowBounds[] = [];
  let start = 0;

  while (start < bytes.length) {
    const line = nextBreak(start);
    const found = nextQuote(start) < line ? quotedRow() : { end: line, problem: undefined };
    if (!found) break;
    const { end } = found;
    const isCr = bytes[end] === CR;
    // the line feed that may belong to it is not there yet
    const isCut = end === bytes.length || (isCr && end + 1 === bytes.length);
    if (isCut && !isLast) break;
    if (end > start) {
      const problem = end - start > maxRow ? tooLong(maxRow) : found.problem;
      bounds.push({ start, end, isQuoted: nextQuote(start) < end, problem });
    }
    start = Math.min(end + (isCr && bytes[end + 1] === LF ? 2 : 1), bytes.length);
  }
  return { bounds, consumed: start };

  /** Where a row with quotes ends; undefined when more bytes must tell. */
  function quotedRow(): { end: number; problem: string | undefined } | undefined {
    for (let field = start; ; field += 1) {
      if (bytes[field] === quote) {
        const closing = closingQuote(field);
        if (closing === undefined) return undefined;
        const isClosed = closing < bytes.length && closing - start <= maxRow;
        const behind = isClosed ? closing + 1 : field;
        if (isClosed && behind === bytes.length) {
          return isLast ? { end: behind, problem: undefined } : undefined;
        }
        if (isClosed && isBreak(behind)) return { end: behind, problem: undefined };
        if (!isClosed || bytes[behind] !== delimiter) {
          const inField = nextBreak(field);
          const end = inField < closing ? inField : nextBreak(behind);
          return { end, problem: isClosed ? AFTER_QUOTE : NOT_CLOSED };
        }
        field = behind;
        continue;
      }
      while (field < bytes.length && bytes[field] !== delimiter) {
        if (isBreak(field)) return { end: field, problem: undefined };
        if (bytes[field] === quote) return { end: nextBreak(field), problem: LATE_QUOTE };
        field += 1;
      }
      if (field >= bytes.length) return { end: bytes.length, problem: undefined };
    }
  }

  function isBreak(at: number): boolean {
    return bytes[at] === LF || bytes[at] === CR;
  }

  /**
   * The quote that closes a field; the end of the bytes when none does, undefined while one may
   * come.
   */
  function closingQuote(field: number): number | undefined {
    for (let at = field + 1; ; at += 2) {
      at = nextQuote(at);
      if (at === bytes.length) return isLast || at - start > maxRow ? at : undefined;
      if (bytes[at + 1] !== quote) return at;
    }
  }
}

/**
 * Finds a byte from an offset on; the end of the bytes when there is none. The last answer serves
 * again where it can: bytes that are rare are not looked for in every row.
 */
function finder(bytes: Buffer, byte: number): (from: number) => number {
  let [asked, answer] = [0, -1];
  return (from) => {
    if (from < asked || from > answer) {
      const offset = bytes.indexOf(byte, from);
      [asked, answer] = [from, offset === -1 ? bytes.length : offset];
    }
    return answer;
  };
}
