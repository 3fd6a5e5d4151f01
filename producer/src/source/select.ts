import type { CsvRows } from '@csv2db/libs/csv/records.ts';
import { countRows, type RowChunk } from './chunk.ts';

/**
 * Leaves out the first rows of a file, and those behind the last one wanted.
 *
 * @param offset rows to leave out at the start of the file.
 * @param limit most rows to let through.
 */
export async function* select(
  chunks: AsyncIterable<RowChunk>,
  offset: number,
  limit: number,
): AsyncGenerator<RowChunk> {
  let left = limit;
  if (left <= 0) return;
  for await (const chunk of chunks) {
    const { firstRow } = chunk;
    const rows = countRows(chunk);
    const begin = Math.min(Math.max(offset + 1 - firstRow, 0), rows);
    const end = Math.min(begin + left, rows);
    left -= end - begin;
    if (end > begin) yield slice(chunk, begin, end);
    if (left === 0) return;
  }
}

function slice(chunk: RowChunk, begin: number, end: number): RowChunk {
  const firstRow = chunk.firstRow + begin;
  return chunk.kind === 'plain'
    ? { ...chunk, firstRow, csv: sliceCsv(chunk.csv, begin, end) }
    : { ...chunk, firstRow, rows: chunk.rows.slice(begin, end) };
}

function sliceCsv({ bytes, ends }: CsvRows, begin: number, end: number): CsvRows {
  if (begin === 0 && end === ends.length) return { bytes, ends };
  const from = ends[begin - 1] ?? 0;
  return {
    bytes: bytes.subarray(from, ends[end - 1]),
    ends: ends.slice(begin, end).map((offset) => offset - from),
  };
}
