import { printable } from '@csv2db/libs/visible.ts';
import type { Refused } from '../../page/status.ts';
import type { Refusal } from '../batch.ts';

/** Reasons that are kept apart: what a trigger raises may have no end of them. */
const MOST_REASONS = 20;
/** Longest reason, in characters. */
const LONGEST = 200;
/** Of the constraints of a table, by whose names a person knows them. */
const CONSTRAINTS = /^23/;

/** Counts dead letters by reason, from the start of the process on. */
export class Reasons {
  readonly #counts = new Map<string, number>();
  #others = 0;

  count(refusals: readonly Refusal[]): void {
    for (const refusal of refusals) {
      const reason = kindOf(refusal);
      const count = this.#counts.get(reason);
      if (count === undefined && this.#counts.size === MOST_REASONS) this.#others += 1;
      else this.#counts.set(reason, (count ?? 0) + 1);
    }
  }

  /** The most frequent first. */
  rows(): Refused {
    const reasons = [...this.#counts].map(([reason, count]) => ({ reason, count }));
    return { reasons: reasons.toSorted((a, b) => b.count - a.count), others: this.#others };
  }
}

/** A reason without what differs from row to row: values in quotes, and numbers. */
export function kindOf({ reason, sqlstate }: Pick<Refusal, 'reason' | 'sqlstate'>): string {
  const kind = CONSTRAINTS.test(sqlstate ?? '')
    ? reason
    : reason
        .replaceAll(/"[^"]*"?/g, '"…"')
        .replaceAll(/'[^']*'/g, "'…'")
        .replaceAll(/(?<![(\w])-?\d[\d.]*/g, '…');
  const line = printable(kind).replaceAll(/\s+/g, ' ');
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}
