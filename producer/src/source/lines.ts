import { CR, LF } from './bounds.ts';
import type { RowChunk } from './chunk.ts';

/** The number of line breaks in some bytes. */
export function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) lines += 1;
  return lines;
}

/** The lines of the file, from 1, on which the rows of a chunk begin. */
export function linesOf({ start, bytes, starts = startsOfLines(bytes) }: RowChunk): number[] {
  let line = start.lines + 1;
  let at = 0;
  return starts.map((next) => {
    line += countLines(bytes.subarray(at, next));
    at = next;
    return line;
  });
}

/** The offsets of the lines that are not blank. */
function startsOfLines(bytes: Buffer): number[] {
  const starts: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const found = bytes.indexOf(LF, at);
    const lineBreak = found === -1 ? bytes.length : found;
    const isBlank = lineBreak === at || (lineBreak === at + 1 && bytes[at] === CR);
    if (!isBlank) starts.push(at);
    at = lineBreak + 1;
  }
  return starts;
}
