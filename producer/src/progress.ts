import type { Logger } from '@csv2db/libs/logger.ts';
import type { QueueSession } from '@csv2db/libs/queue/session.ts';
import type { Beginning } from './checkpoint/checkpoint.ts';
import { ConfirmedPrefix } from './prefix.ts';
import type { RowSpan } from './source/rows.ts';
import type { Reject } from './validate.ts';
import type { Shipment } from './worklist.ts';

/** Milliseconds between two progress lines. */
const INTERVAL = 5_000;

/** Counts what becomes of the rows, and tells it: each rejected row, and a line every few seconds. */
export class Progress {
  readonly prefix: ConfirmedPrefix;
  /** The last row that was sent, by this process or an earlier one. */
  lastSent: number;
  /** Rows that were sent more than once. */
  #resent = 0;
  #read = 0;
  #published = 0;
  #rejected = 0;
  #sessions = 0;
  #isQueueGone = false;
  readonly #lastSentBefore: number;
  readonly #log: Logger;
  readonly #began = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor({ rows, seek, sent }: Beginning, log: Logger) {
    this.prefix = new ConfirmedPrefix(rows, seek);
    this.lastSent = sent;
    this.#lastSentBefore = sent;
    this.#log = log;
    this.#timer = setInterval(() => this.#say('publishing'), INTERVAL).unref();
  }

  /** Counts rows that were read, and tells which ones are rejected. */
  read(rows: number, rejects: readonly Reject[]): void {
    this.#read += rows;
    this.#rejected += rejects.length;
    for (const { row, line, reason } of rejects) {
      this.#log.warn({ row, line, reason }, `row ${row} (line ${line}) rejected: ${reason}`);
    }
  }

  /** Counts what a shipment has that was sent before. */
  sending({ messages, isRepeated }: Shipment): void {
    for (const { firstRow, rows } of messages) {
      const sentBefore = isRepeated ? rows : this.#lastSentBefore - firstRow + 1;
      this.#resent += Math.min(Math.max(sentBefore, 0), rows);
    }
    const last = messages.at(-1);
    if (last) this.lastSent = Math.max(this.lastSent, last.firstRow + last.rows - 1);
  }

  /** Counts rows that the broker has confirmed. */
  confirmed(rows: number): void {
    this.#published += rows;
  }

  /** Notes that every row of a chunk is confirmed or rejected. */
  settled(chunk: RowSpan): void {
    this.prefix.settle(chunk);
  }

  /** Notes a session: one that finds the queue missing, after others, tells that it was deleted. */
  connected({ isQueueNew }: QueueSession): void {
    this.#isQueueGone ||= isQueueNew && this.#sessions > 0;
    this.#sessions += 1;
  }

  /** Ends the progress lines and logs the summary. */
  finish(outcome: string): void {
    clearInterval(this.#timer);
    this.#say(outcome);
    if (this.#isQueueGone) {
      this.#log.warn(
        'the queue was deleted during the import: what was in it is gone; ' +
          'run the file again from its start, rows that arrived are skipped as duplicates',
      );
    }
  }

  #say(what: string): void {
    const elapsed = (performance.now() - this.#began) / 1000;
    const fields = {
      read: this.#read,
      published: this.#published,
      rejected: this.#rejected,
      resent: this.#resent,
      seconds: Number(elapsed.toFixed(3)),
      rowsPerSecond: Math.round(this.#read / elapsed),
    };
    const { read, published, rejected, resent, seconds, rowsPerSecond } = fields;
    this.#log.info(
      fields,
      `${what}: ${read} rows read, ${published} published, ${rejected} rejected` +
        `${resent > 0 ? `, ${resent} sent again` : ''} in ${seconds} s, ${rowsPerSecond} rows/s`,
    );
  }
}
