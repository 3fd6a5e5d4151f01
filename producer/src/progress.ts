import type { Logger } from '@csv2db/libs/logger.ts';
import { summary } from '@csv2db/libs/summary.ts';
import { grouped } from '@csv2db/libs/words.ts';
import { RejectLog } from './rejects/log.ts';
import type { ShipEvent } from './ship.ts';
import type { RowSpan } from './source/position.ts';
import type { Shipment } from './worklist.ts';

/** Counts what becomes of the rows, and tells it. */
export class Progress {
  /** The last row that was sent, by this process or an earlier one. */
  lastSent: number;
  readonly rejects: RejectLog;
  read = 0;
  published = 0;
  /** Whether there is no more to read, so that only confirms are waited for. */
  isAllRead = false;
  /** Rows that were sent more than once. */
  #resent = 0;
  #sessions = 0;
  #isQueueGone = false;
  readonly #lastSentBefore: number;
  readonly #nameOf: (file: number) => string | undefined;
  readonly #log: Logger;
  readonly #began = performance.now();

  /**
   * @param sent the last row that was sent by an earlier process.
   * @param nameOf the name of a file; undefined where there is one only.
   */
  constructor(sent: number, nameOf: (file: number) => string | undefined, log: Logger) {
    this.#nameOf = nameOf;
    this.lastSent = sent;
    this.#lastSentBefore = sent;
    this.#log = log;
    this.rejects = new RejectLog(log);
  }

  count(event: ShipEvent): void {
    switch (event.kind) {
      case 'connected':
        // after other sessions, it was there, and was deleted
        this.#isQueueGone ||= event.session.isQueueNew && this.#sessions > 0;
        this.#sessions += 1;
        break;
      case 'queue gone':
        this.#isQueueGone = true;
        break;
      case 'sending':
        this.#sending(event.shipment);
        break;
      case 'confirmed':
        this.published += event.rows;
        break;
      case 'settled':
        if (this.#log.isLevelEnabled('debug')) this.#tellSettled(event.chunk);
        break;
      case 'all read':
        this.isAllRead = true;
    }
  }

  #tellSettled({ firstRow, lastRow }: RowSpan): void {
    const words = `rows ${firstRow}-${lastRow} settled: confirmed, or rejected`;
    this.#log.debug({ firstRow, lastRow }, words);
  }

  #sending({ chunk, read, rejects, messages, isRepeated }: Shipment): void {
    this.read += read;
    this.rejects.note(rejects, this.#nameOf(chunk.start.file));
    for (const { firstRow, rows } of messages) {
      const sentBefore = isRepeated ? rows : this.#lastSentBefore - firstRow + 1;
      this.#resent += Math.min(Math.max(sentBefore, 0), rows);
    }
    const last = messages.at(-1);
    if (last) this.lastSent = Math.max(this.lastSent, last.firstRow + last.rows - 1);
  }

  /** Rows that were sent, and are not confirmed. */
  get unconfirmed(): number {
    return this.read - this.rejects.count - this.published;
  }

  /**
   * Logs the numbers so far.
   *
   * @param width columns of the terminal; undefined where there is none.
   */
  say(what: string, width?: number): void {
    const elapsed = (performance.now() - this.#began) / 1000;
    const fields = {
      read: this.read,
      published: this.published,
      rejected: this.rejects.count,
      resent: this.#resent,
      seconds: Number(elapsed.toFixed(3)),
      rowsPerSecond: Math.round(this.read / elapsed),
    };
    const { read, published, rejected, resent, seconds, rowsPerSecond } = fields;
    const counts = [
      `${grouped(read)} rows read`,
      `${grouped(published)} published`,
      `${grouped(rejected)} rejected`,
    ];
    if (resent > 0) counts.push(`${grouped(resent)} sent again`);
    const parts = [...counts, `in ${seconds} s`, `${grouped(rowsPerSecond)} rows/s`];
    this.#log.info(fields, summary(what, parts, width));
  }

  /** Logs the summary; for `width`, see `say`. */
  finish(outcome: string, width?: number): void {
    this.say(outcome, width);
    this.rejects.finish(this.read);
    if (this.#isQueueGone) {
      this.#log.warn(
        'the queue was deleted during the import: what was in it is gone; "consumer status" and its --missing ' +
          'tell which rows, for --rows; or run the file again from its start',
      );
    }
  }
}
