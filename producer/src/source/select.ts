import type { CsvRows } from '@csv2db/libs/csv/records.ts';
import type { RowRange } from '@csv2db/libs/ranges.ts';
import { countRows, type RowChunk } from './chunk.ts';

/** All rows of an import but the first ones, and no more than so many. */
export function rowsBehind(offset: number, limit: number): RowRange[] {
  return [{ first: offset + 1, end: offset + 1 + limit }];
}

/** The wanted rows of a chunk: a slice for each range of them. */
export type Slices = readonly [RowChunk, ...RowChunk[]];

/** What is wanted of the rows of an import. */
export class Selection {
  /** Number of the last row that was read, wanted or not. */
  lastRow: number;
  /** Those of which not all have come by. */
  readonly #wanted: Iterator<RowRange, undefined>;
  #next: RowRange | undefined;

  /**
   * @param wanted rows to let through, in ascending order.
   * @param lastRow rows that are not read again.
   */
  constructor(wanted: readonly RowRange[], lastRow: number) {
    this.lastRow = lastRow;
    this.#wanted = wanted.filter(({ first, end }) => first < end).values();
    this.#next = this.#wanted.next().value;
  }

  /** Whether nothing more is wanted. */
  get isOver(): boolean {
    return this.#next === undefined;
  }

  /** Lets the wanted rows of a file through. */
  async *of(chunks: AsyncIterable<RowChunk>): AsyncGenerator<Slices> {
    if (this.isOver) return;
    for await (const chunk of chunks) {
      const { firstRow } = chunk;
      const end = firstRow + countRows(chunk);
      this.lastRow = end - 1;
      const slices: RowChunk[] = [];
      for (let range = this.#next; range && range.first < end; range = this.#next) {
        const from = Math.max(range.first, firstRow);
        const to = Math.min(range.end, end);
        if (from < to) slices.push(slice(chunk, from - firstRow, to - firstRow));
        if (range.end > end) break;
        this.#next = this.#wanted.next().value;
      }
      const [first, ...others] = slices;
      if (first) yield [first, ...others];
      if (!this.#next) return;
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
