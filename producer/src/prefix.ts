import type { Position, RowSpan } from './source/position.ts';

/** Where the confirmed prefix of an import ends. */
export interface Standing {
  /** Number of its rows, from the start of the import. */
  rows: number;
  /** Where to read the file from to go on: at most a chunk before the end of the prefix. */
  seek: Position;
}

/**
 * The confirmed prefix of an import: the rows from its start all of which are confirmed or rejected.
 * Chunks are settled in any order; the prefix grows over a chunk when there is no gap before it.
 */
export class ConfirmedPrefix {
  standing: Standing;
  readonly #ahead = new Map<number, RowSpan>();

  constructor({ rows, seek }: Standing) {
    this.standing = { rows, seek };
  }

  /**
   * Notes that every row of a chunk is confirmed or rejected.
   *
   * @returns the chunks that the prefix has grown over, in their order.
   */
  settle(chunk: RowSpan): RowSpan[] {
    const passed: RowSpan[] = [];
    this.#ahead.set(chunk.firstRow, chunk);
    for (let next = this.#next(); next; next = this.#next()) {
      this.#ahead.delete(next.firstRow);
      this.standing = { rows: next.lastRow, seek: next.start };
      passed.push(next);
    }
    return passed;
  }

  #next(): RowSpan | undefined {
    return this.#ahead.get(this.standing.rows + 1);
  }
}
