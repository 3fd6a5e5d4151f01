import { countLines, CR, LF } from '@csv2db/libs/csv/bounds.ts';
import type { ParsedChunk } from './chunk.ts';

/** The lines of the file, from 1, on which the rows of a chunk begin. */
export function linesOf({ start, bytes, starts = startsOfLines(bytes) }: ParsedChunk): number[] {
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
