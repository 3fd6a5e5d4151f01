import type { RowChunk } from '../../src/source/chunk.ts';
import { START } from '../../src/source/position.ts';
import { readRows } from '../../src/source/rows.ts';

/** The chunks of a file that arrives in blocks of `size` bytes. */
export function chunksOf(
  file: Buffer | string,
  size: number,
  maxRow?: number,
): AsyncGenerator<RowChunk, void> {
  const bytes = Buffer.from(file);
  async function* blocks() {
    for (let at = 0; at < bytes.length; at += size) {
      yield await Promise.resolve(bytes.subarray(at, at + size));
    }
  }
  return readRows(blocks(), START, maxRow);
}
