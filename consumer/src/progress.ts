import type { Logger } from '@csv2db/libs/logger.ts';
import { summary } from '@csv2db/libs/summary.ts';
import { printable } from '@csv2db/libs/visible.ts';
import { grouped } from '@csv2db/libs/words.ts';
import type { Delivery, Outcome, Refusal } from './batch.ts';
import { publishedAt } from './metrics/published-at.ts';
import { originOfRefusal, originsOf } from './origins.ts';

/** Dead letters of a batch that are told one by one. */
const MOST_TOLD = 20;
/** Milliseconds for which a lag says how things stand. */
const LATELY = 10_000;

interface Counts {
  inserted: number;
  duplicates: number;
  /** Rows that a trigger of the table left out. */
  skipped: number;
  dead: number;
}

function inWords({ inserted, duplicates, skipped, dead }: Counts): string[] {
  const words = [
    `${grouped(inserted)} rows inserted`,
    `${grouped(duplicates)} duplicates`,
    `${grouped(dead)} dead letters`,
  ];
  return skipped > 0 ? [...words, `${grouped(skipped)} skipped by the database`] : words;
}

/** Counts what became of the messages, and tells it: a line a batch at debug, totals at info. */
export class Progress {
  readonly #log: Logger;
  readonly #totals: Counts = { inserted: 0, duplicates: 0, skipped: 0, dead: 0 };
  #batches = 0;
  /** Milliseconds from the publishing of a batch until it was settled. */
  #lag: { milliseconds: number; at: number } | undefined;
  #saidAt = performance.now();
  #said = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Rows that are in the database, or dead letters. */
  get settled(): number {
    const { inserted, duplicates, skipped, dead } = this.#totals;
    return inserted + duplicates + skipped + dead;
  }

  get dead(): number {
    return this.#totals.dead;
  }

  /** Seconds from publishing to the commit, lately; undefined where nothing was committed. */
  get lag(): number | undefined {
    if (!this.#lag || performance.now() - this.#lag.at > LATELY) return undefined;
    return this.#lag.milliseconds / 1000;
  }

  /** Counts a batch that is acknowledged. */
  count(batch: readonly Delivery[], outcome: Outcome, milliseconds: number): void {
    const { inserted, duplicates, skipped, refusals } = outcome;
    const counts = { inserted, duplicates, skipped: skipped.length, dead: refusals.length };
    this.#batches += 1;
    this.#totals.inserted += inserted;
    this.#totals.duplicates += duplicates;
    this.#totals.skipped += skipped.length;
    this.#totals.dead += refusals.length;
    // the first one has waited for the longest
    const published = batch[0] && publishedAt(batch[0]);
    // clocks of two machines may differ
    const lag = published === undefined ? undefined : Math.max(0, Date.now() - published);
    this.#lag = lag === undefined ? this.#lag : { milliseconds: lag, at: performance.now() };
    if (this.#log.isLevelEnabled('debug')) this.#tellBatch(batch, counts, Math.round(milliseconds));
    for (const refusal of refusals.slice(0, MOST_TOLD)) this.#tellRefusal(refusal);
    if (refusals.length > MOST_TOLD) {
      const more = refusals.length - MOST_TOLD;
      this.#log.warn(`${more} more of this batch moved to the dead-letter queue`);
    }
  }

  #tellBatch(batch: readonly Delivery[], counts: Counts, milliseconds: number): void {
    const imports = originsOf(batch);
    const words = [...inWords(counts), ...Object.entries(imports).map(ofImport)];
    this.#log.debug(
      { batch: this.#batches, imports, ...counts, milliseconds },
      `batch ${this.#batches} stored in ${milliseconds} ms: ${words.join(', ')}`,
    );
  }

  #tellRefusal(refusal: Refusal): void {
    const reason = printable(refusal.reason).replaceAll('\n', '\\n');
    const origin = originOfRefusal(refusal);
    const what = origin ? ofImport([origin.import, origin.rows]) : 'message';
    this.#log.warn(
      { batch: this.#batches, ...origin, reason },
      `${what} moved to the dead-letter queue: ${reason}`,
    );
  }

  /**
   * Logs the totals.
   *
   * @param width columns of the terminal; undefined where there is none.
   */
  finish(outcome: string, width?: number): void {
    this.#log.info(this.#totals, summary(outcome, inWords(this.#totals), width));
  }

  /**
   * Logs how fast it goes since the last call; nothing when nothing was settled, unless something is
   * waited for.
   *
   * @param waits what for, in words; undefined for nothing.
   */
  say(waits: string | undefined): void {
    const [rows, seconds] = [this.settled - this.#said, (performance.now() - this.#saidAt) / 1000];
    this.#said = this.settled;
    this.#saidAt = performance.now();
    if (rows === 0 && waits === undefined) return;
    const rowsPerSecond = Math.round(rows / seconds);
    const what = waits ?? `storing ${grouped(rowsPerSecond)} rows/s`;
    this.#log.info(
      { ...this.#totals, rowsPerSecond },
      `${what}: ${inWords(this.#totals).join(', ')}`,
    );
  }
}

function ofImport([importId, rows]: [importId: string, rows: string]): string {
  return `row${/\D/.test(rows) ? 's' : ''} ${rows} of import ${importId}`;
}
