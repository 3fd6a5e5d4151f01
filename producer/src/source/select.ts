import type { RowChunk } from './chunk.ts';

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
    const { firstRow, rows } = chunk;
    const skipped = Math.min(Math.max(offset + 1 - firstRow, 0), rows.length);
    const selected = rows.slice(skipped, skipped + left);
    left -= selected.length;
    if (selected.length > 0) yield { ...chunk, firstRow: firstRow + skipped, rows: selected };
    if (left === 0) return;
  }
}
