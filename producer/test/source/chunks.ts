import { COMMAS } from '@csv2db/libs/csv/dialect.ts';
import type { ParsedChunk, RowChunk } from '../../src/source/chunk.ts';
import { START } from '../../src/source/position.ts';
import { type ReadOptions, readRows } from '../../src/source/rows.ts';

/** The chunks of a file that arrives in blocks of `size` bytes. */
export function chunksOf(
  file: Buffer | string,
  size: number,
  options: ReadOptions,
): AsyncGenerator<RowChunk, void> {
  const bytes = Buffer.from(file);
  async function* blocks() {
    for (let at = 0; at < bytes.length; at += size) {
      yield await Promise.resolve(bytes.subarray(at, at + size));
    }
  }
  return readRows(blocks(), START, options);
}

/** The chunks of a file of which every row is parsed. */
export async function* parsedChunksOf(
  file: Buffer | string,
  size: number,
  options: Partial<ReadOptions> = {},
): AsyncGenerator<ParsedChunk, void> {
  for await (const chunk of chunksOf(file, size, {
    dialect: COMMAS,
    ...options,
    plain: undefined,
  })) {
    if (chunk.kind !== 'parsed') throw new Error('a row was not parsed');
    yield chunk;
  }
}
