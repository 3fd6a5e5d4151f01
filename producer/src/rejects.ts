import type { Logger } from '@csv2db/libs/logger.ts';
import { visible } from '@csv2db/libs/visible.ts';
import type { Reject } from './validate.ts';

/** Rejected rows that are told one by one. */
const TOLD_SINGLY = 20;
/** Reasons that are told apart; the lengths of rows with too many fields are without bound. */
const MOST_REASONS = 100;

/**
 * Tells which rows are rejected: the first ones one by one, and of all of them how many for which
 * reason.
 */
export class RejectLog {
  /** Number of the rejected rows. */
  count = 0;
  readonly #byReason = new Map<string, number>();
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  note(rejects: readonly Reject[]): void {
    for (const { row, line, reason, value } of rejects) {
      this.count += 1;
      const isKept = this.#byReason.has(reason) || this.#byReason.size < MOST_REASONS;
      const kept = isKept ? reason : 'other reasons';
      this.#byReason.set(kept, (this.#byReason.get(kept) ?? 0) + 1);
      if (this.count > TOLD_SINGLY) continue;
      const why = value === undefined ? reason : `${reason}: ${visible(value)}`;
      this.#log.warn(
        { row, line, reason: why },
        `row ${row}${line === undefined ? '' : ` (line ${line})`} rejected: ${why}`,
      );
      if (this.count === TOLD_SINGLY) {
        this.#log.warn(`${TOLD_SINGLY} rows are rejected: more are only counted from here on`);
      }
    }
  }

  /** How many rows are rejected for which reason, the most frequent first. */
  inWords(): string {
    return this.#sorted()
      .map(([reason, count]) => `${count} × ${reason}`)
      .join(', ');
  }

  /** Tells that, where not every row was told. */
  finish(): void {
    if (this.count <= TOLD_SINGLY) return;
    const reasons = Object.fromEntries(this.#sorted());
    this.#log.warn({ reasons }, `rejected by reason: ${this.inWords()}`);
  }

  #sorted(): [reason: string, count: number][] {
    return [...this.#byReason].toSorted(([, a], [, b]) => b - a);
  }
}
