import type { CsvRows } from '@csv2db/libs/csv/records.ts';
import { countRows, type RowChunk } from './chunk.ts';

/** What is wanted of the rows of an import: all but the first ones, and no more than so many. */
export class Selection {
  /** Number of the last row that was read, wanted or not. */
  lastRow: number;
  readonly #offset: number;
  #left: number;

  /**
   * @param offset rows to leave out at the start of the import.
   * @param limit most rows to let through.
   * @param lastRow rows that are not read again.
   */
  constructor(offset: number, limit: number, lastRow: number) {
    this.lastRow = lastRow;
    this.#offset = offset;
    this.#left = limit;
  }

  /** Whether nothing more is wanted. */
  get isOver(): boolean {
    return this.#left <= 0;
  }

  /** Lets the wanted rows of a file through. */
  async *of(chunks: AsyncIterable<RowChunk>): AsyncGenerator<RowChunk> {
    if (this.isOver) return;
    for await (const chunk of chunks) {
      const { firstRow } = chunk;
      const rows = countRows(chunk);
      this.lastRow = firstRow + rows - 1;
      const begin = Math.min(Math.max(this.#offset + 1 - firstRow, 0), rows);
      const end = Math.min(begin + this.#left, rows);
      this.#left -= end - begin;
      if (end > begin) yield slice(chunk, begin, end);
      if (this.#left <= 0) return;
    }
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
