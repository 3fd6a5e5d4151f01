import type { Position, RowSpan } from './source/rows.ts';

/**
 * The confirmed prefix of a file: the rows from its start all of which are confirmed or rejected.
 * Chunks are settled in any order; the prefix grows over a chunk when there is no gap before it.
 */
export class ConfirmedPrefix {
  /** Number of rows in the prefix. */
  rows: number;
  /** Where to read the file from to go on: at most a chunk before the end of the prefix. */
  seek: Position;
  readonly #ahead = new Map<number, RowSpan>();

  constructor(rows: number, seek: Position) {
    this.rows = rows;
    this.seek = seek;
  }

  /** Notes that every row of a chunk is confirmed or rejected. */
  settle(chunk: RowSpan): void {
    this.#ahead.set(chunk.firstRow, chunk);
    for (let next = this.#next(); next; next = this.#next()) {
      this.#ahead.delete(next.firstRow);
      this.rows = next.lastRow;
      this.seek = next.start;
    }
  }

  #next(): RowSpan | undefined {
    return this.#ahead.get(this.rows + 1);
  }
}
