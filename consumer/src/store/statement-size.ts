import type { Logger } from '@csv2db/libs/logger.ts';

/** A statement of this part of the time limit was a fast one: twice as many rows would do. */
const FAST = 1 / 8;

/**
 * How many rows a statement may have, so that it finishes in time. It learns from those that do
 * not.
 */
export class StatementSize {
  /** Rows of a statement, at most. */
  rows = Infinity;
  /** Longest time that the server may work on a statement, in milliseconds. */
  readonly timeout: number;
  readonly #log: Logger;

  constructor(timeout: number, log: Logger) {
    this.timeout = timeout;
    this.#log = log;
  }

  /** The time limit, for a person. */
  get limit(): string {
    return `${this.timeout / 1000} s (--statement-timeout)`;
  }

  /** So many rows did not finish in time: the next statements have half of them. */
  tooSlow(rows: number): void {
    const fewer = Math.max(1, rows >> 1);
    if (fewer >= this.rows || rows <= 1) return;
    this.rows = fewer;
    this.#log.warn(
      `${rows} rows at once did not finish in ${this.limit}: going on with ${fewer} at a time`,
    );
  }

  /** So many rows finished in so many milliseconds: if that was fast, there may be more of them. */
  finished(rows: number, milliseconds: number): void {
    if (rows >= this.rows && milliseconds < this.timeout * FAST) this.rows *= 2;
  }
}
