import type { Logger } from '@csv2db/libs/logger.ts';
import type { Reject } from './validate.ts';

/** Milliseconds between two progress lines. */
const INTERVAL = 5_000;

/** What became of the rows of a file so far. */
export interface Counts {
  /** Rows read from the file. */
  read: number;
  /** Rows that the broker has confirmed. */
  published: number;
  /** Rows that were refused, and logged. */
  rejected: number;
}

/** Counts rows, and tells how it goes: a line for each rejected row, and one every few seconds. */
export class Progress {
  readonly #counts: Counts = { read: 0, published: 0, rejected: 0 };
  readonly #log: Logger;
  readonly #began = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(log: Logger) {
    this.#log = log;
    this.#timer = setInterval(() => this.#say('publishing'), INTERVAL).unref();
  }

  read(rows: number): void {
    this.#counts.read += rows;
  }

  published(rows: number): void {
    this.#counts.published += rows;
  }

  rejected(rejects: readonly Reject[]): void {
    this.#counts.rejected += rejects.length;
    for (const { row, reason } of rejects) {
      this.#log.warn({ row, reason }, `row ${row} rejected: ${reason}`);
    }
  }

  /** Ends the progress lines and logs the summary. */
  finish(outcome: string): void {
    clearInterval(this.#timer);
    this.#say(outcome);
  }

  #say(what: string): void {
    const { read, published, rejected } = this.#counts;
    const elapsed = (performance.now() - this.#began) / 1000;
    const seconds = Number(elapsed.toFixed(3));
    const rowsPerSecond = Math.round(read / elapsed);
    this.#log.info(
      { read, published, rejected, seconds, rowsPerSecond },
      `${what}: ${read} rows read, ${published} published, ${rejected} rejected ` +
        `in ${seconds} s, ${rowsPerSecond} rows/s`,
    );
  }
}
