import { countLines, CR, findRows, LF } from '@csv2db/libs/csv/bounds.ts';
import type { ParsedChunk } from './chunk.ts';

/** Where a row stands in the file. */
export interface RowPlace {
  /** The line on which it begins, from 1. */
  line: number;
  /** What it is there, without its line break; empty when it is too long. */
  raw: Buffer;
}

/** The places of the rows that begin in the bytes of a chunk. */
export function placesOf({ start, bytes, starts = startsOfLines(bytes) }: ParsedChunk): RowPlace[] {
  let line = start.lines + 1;
  let at = 0;
  return starts.map((begin, index) => {
    line += countLines(bytes.subarray(at, begin));
    at = begin;
    return { line, raw: withoutBreaks(bytes.subarray(begin, starts[index + 1])) };
  });
}

/** The offsets of the lines that are not blank. */
function startsOfLines(bytes: Buffer): number[] {
  const lines = findRows(bytes, true, Infinity, { delimiter: ',', quote: undefined });
  return lines.bounds.map(({ start }) => start);
}

/** A row without what follows it: its line break, and blank lines. */
function withoutBreaks(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === LF || bytes[end - 1] === CR)) end -= 1;
  return bytes.subarray(0, end);
}
