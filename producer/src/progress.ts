import type { Logger } from '@csv2db/libs/logger.ts';
import type { QueueSession } from '@csv2db/libs/session.ts';
import type { Beginning } from './checkpoint.ts';
import { ConfirmedPrefix } from './prefix.ts';
import type { RowChunk } from './rows.ts';
import type { Reject } from './validate.ts';
import type { Shipment } from './worklist.ts';

/** Milliseconds between two progress lines. */
const INTERVAL = 5_000;

/** Counts what becomes of the rows, and tells it: each rejected row, and a line every few seconds. */
export class Progress {
  readonly prefix: ConfirmedPrefix;
  /** The last row that was sent, by this process or an earlier one. */
  lastSent: number;
  /** Messages that were sent more than once. */
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

  /** Counts the rows of a chunk that was read. */
  read({ rows }: RowChunk, rejects: readonly Reject[]): void {
    this.#read += rows.length;
    this.#rejected += rejects.length;
    for (const { row, reason } of rejects) {
      this.#log.warn({ row, reason }, `row ${row} rejected: ${reason}`);
    }
  }

  /** Counts the messages of a shipment that is about to be sent. */
  sending({ contacts, isRepeated }: Shipment): void {
    this.#resent += isRepeated
      ? contacts.length
      : contacts.filter(({ row }) => row <= this.#lastSentBefore).length;
    this.lastSent = Math.max(this.lastSent, contacts.at(-1)?.row ?? 0);
  }

  /** Counts messages that the broker has confirmed. */
  confirmed(messages: number): void {
    this.#published += messages;
  }

  /** Notes that every row of a chunk is confirmed or rejected. */
  settled(chunk: RowChunk): void {
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
