import { NOT_UTF8 } from '@csv2db/libs/csv/rows.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import { visible } from '@csv2db/libs/visible.ts';
import { grouped } from '@csv2db/libs/words.ts';
import { type Encoding, likelyEncoding } from '../source/encoding.ts';
import type { Reject } from '../validate.ts';

/** Rejected rows that are told one by one. */
const TOLD_SINGLY = 10;
/** Reasons that are told apart; the lengths of rows with too many fields are without bound. */
const MOST_REASONS = 100;

/**
 * Tells which rows are rejected: the first ones one by one, and of all of them how many for which
 * reason.
 */
export class RejectLog {
  /** Number of the rejected rows. */
  count = 0;
  /** Number of those that are not of the encoding, and which one would fit. */
  #misencoded = 0;
  #likely: Encoding | undefined;
  readonly #byReason = new Map<string, number>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** @param file what it is called; undefined where there is one only. */
  note(rejects: readonly Reject[], file: string | undefined): void {
    for (const { row, place, reason, value } of rejects) {
      this.count += 1;
      if (reason === NOT_UTF8 && place) this.#noteEncoding(place.raw);
      const isKept = this.#byReason.has(reason) || this.#byReason.size < MOST_REASONS;
      const kept = isKept ? reason : 'other reasons';
      this.#byReason.set(kept, (this.#byReason.get(kept) ?? 0) + 1);
      if (this.count > TOLD_SINGLY) continue;
      const why = value === undefined ? reason : `${reason}: ${visible(value)}`;
      const line = place?.line;
      const where = [
        line === undefined ? [] : `line ${line}`,
        file === undefined ? [] : `of ${file}`,
      ]
        .flat()
        .join(' ');
      this.#log.warn(
        { row, line, file, reason: why },
        `row ${row}${where === '' ? '' : ` (${where})`} rejected: ${why}`,
      );
      if (this.count === TOLD_SINGLY) {
        this.#log.warn(`${TOLD_SINGLY} rows are rejected: more are only counted from here on`);
      }
    }
  }

  #noteEncoding(raw: Buffer): void {
    this.#misencoded += 1;
    this.#likely ??= likelyEncoding(raw);
  }

  /** What to try where most rows are not of the encoding; undefined otherwise. */
  remedy(read: number): string | undefined {
    if (this.#likely === undefined || this.#misencoded <= read / 2) return undefined;
    return `try --encoding ${this.#likely}`;
  }

  /** How many rows are rejected for which reason, the most frequent first. */
  inWords(): string {
    return this.#sorted()
      .map(([reason, count]) => `${grouped(count)} × ${reason}`)
      .join(', ');
  }

  /** Tells that, where not every row was told. @param read number of all rows. */
  finish(read: number): void {
    const remedy = this.remedy(read);
    if (remedy !== undefined) this.#log.warn(`most rows are not of the encoding: ${remedy}`);
    if (this.count <= TOLD_SINGLY) return;
    const reasons = Object.fromEntries(this.#sorted());
    this.#log.warn({ reasons }, `rejected by reason: ${this.inWords()}`);
  }

  #sorted(): [reason: string, count: number][] {
    return [...this.#byReason].toSorted(([, a], [, b]) => b - a);
  }
}
