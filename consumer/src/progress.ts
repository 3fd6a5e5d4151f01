import type { Logger } from '@csv2db/libs/logger.ts';
import { printable } from '@csv2db/libs/visible.ts';
import type { Outcome } from './batch.ts';

/** Milliseconds between two throughput lines, at the least. */
const INTERVAL = 5_000;

/** Dead letters of a batch that are told one by one. */
const MOST_TOLD = 20;

interface Counts {
  inserted: number;
  duplicates: number;
  /** Rows that a trigger of the table left out. */
  skipped: number;
  dead: number;
}

function inWords({ inserted, duplicates, skipped, dead }: Counts): string {
  const words = `${inserted} rows inserted, ${duplicates} duplicates, ${dead} dead letters`;
  return skipped > 0 ? `${words}, ${skipped} skipped by the database` : words;
}

/** Counts what became of the messages, and tells it: a line a batch at debug, totals at info. */
export class Progress {
  readonly #log: Logger;
  readonly #totals: Counts = { inserted: 0, duplicates: 0, skipped: 0, dead: 0 };
  readonly #timer: NodeJS.Timeout;
  #saidAt = performance.now();
  #said = 0;

  constructor(log: Logger) {
    this.#log = log;
    this.#timer = setInterval(() => this.#sayThroughput(), INTERVAL).unref();
  }

  /** Counts a batch that is acknowledged. */
  settled({ inserted, duplicates, skipped, refusals }: Outcome, milliseconds: number): void {
    this.#totals.inserted += inserted;
    this.#totals.duplicates += duplicates;
    this.#totals.skipped += skipped.length;
    this.#totals.dead += refusals.length;
    const counts = { inserted, duplicates, skipped: skipped.length, dead: refusals.length };
    const duration = Math.round(milliseconds);
    this.#log.debug(
      { ...counts, milliseconds: duration },
      `batch stored in ${duration} ms: ${inWords(counts)}`,
    );
    for (const refusal of refusals.slice(0, MOST_TOLD)) {
      const reason = printable(refusal.reason).replaceAll('\n', '\\n');
      this.#log.warn({ reason }, `message moved to the dead-letter queue: ${reason}`);
    }
    if (refusals.length > MOST_TOLD) {
      const more = refusals.length - MOST_TOLD;
      this.#log.warn(`${more} more of this batch moved to the dead-letter queue`);
    }
  }

  /** Ends the throughput lines and logs the totals. */
  finish(outcome: string): void {
    clearInterval(this.#timer);
    this.#log.info(this.#totals, `${outcome}: ${inWords(this.#totals)}`);
  }

  #sayThroughput(): void {
    const { inserted, duplicates, skipped, dead } = this.#totals;
    const settled = inserted + duplicates + skipped + dead;
    if (settled === this.#said) return;
    const seconds = (performance.now() - this.#saidAt) / 1000;
    const rowsPerSecond = Math.round((settled - this.#said) / seconds);
    this.#log.info(
      { ...this.#totals, rowsPerSecond },
      `storing ${rowsPerSecond} rows/s: ${inWords(this.#totals)}`,
    );
    this.#said = settled;
    this.#saidAt = performance.now();
  }
}
