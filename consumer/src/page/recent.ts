import type { Recent as RecentRows } from '../../page/status.ts';
import type { Outcome } from '../batch.ts';

/** Length of a slot, in milliseconds. */
const STEP = 2_000;
/** Slots that are kept: five minutes. */
const SLOTS = 150;

interface Slot {
  inserted: number;
  duplicate: number;
  skipped: number;
  dead: number;
  /** Messages that waited; null while nobody looked. */
  depth: number | null;
}

/** What became of rows in the last five minutes. Nothing is done while no batch is. */
export class Recent {
  /** By their number, counted from 1970. */
  readonly #slots = new Map<number, Slot>();
  readonly #first = numberOf(Date.now());

  /** Counts a batch that is acknowledged. */
  count({ inserted, duplicates, skipped, refusals }: Outcome): void {
    const slot = this.#slot();
    slot.inserted += inserted;
    slot.duplicate += duplicates;
    slot.skipped += skipped.length;
    slot.dead += refusals.length;
  }

  /** Notes how many messages wait. */
  look(depth: number | undefined): void {
    this.#slot().depth = depth ?? null;
  }

  /** All but the slot that has not ended. */
  rows(): RecentRows {
    const end = numberOf(Date.now());
    const numbers = Array.from({ length: SLOTS }, (_, index) => end - SLOTS + index);
    const rowsOf = (outcome: 'inserted' | 'duplicate' | 'skipped' | 'dead') =>
      numbers.map((n) => this.#slots.get(n)?.[outcome] ?? (n < this.#first ? null : 0));
    return {
      end: end * STEP,
      step: STEP,
      inserted: rowsOf('inserted'),
      duplicate: rowsOf('duplicate'),
      skipped: rowsOf('skipped'),
      dead: rowsOf('dead'),
      depth: numbers.map((n) => this.#slots.get(n)?.depth ?? null),
    };
  }

  /** The one of now. */
  #slot(): Slot {
    const now = numberOf(Date.now());
    const known = this.#slots.get(now);
    if (known) return known;
    // in the order of their insertion, which is that of time
    for (const number of this.#slots.keys()) {
      if (number >= now - SLOTS) break;
      this.#slots.delete(number);
    }
    const slot = { inserted: 0, duplicate: 0, skipped: 0, dead: 0, depth: null };
    this.#slots.set(now, slot);
    return slot;
  }
}

function numberOf(time: number): number {
  return Math.floor(time / STEP);
}
