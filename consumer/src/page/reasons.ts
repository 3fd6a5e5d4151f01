import type { Refused } from '../../page/status.ts';
import type { Refusal } from '../batch.ts';
import { oneLine } from './one-line.ts';

/** Reasons that are kept apart: what a trigger raises may have no end of them. */
const MOST_REASONS = 20;
/** Longest reason, in characters. */
const LONGEST = 200;
/** What PostgreSQL says of its constraints, by whose names a person knows them. It has names alone. */
const OF_CONSTRAINT =
  /^(new row for relation|null value in column|insert or update on table|duplicate key value|conflicting key value|value for domain) .*violates [a-z -]+ constraint( "[^"]+")?$/;
/** What JavaScript says of JSON behind this quotes it, in more than one way. */
const OF_JSON = /^(the body is not JSON): .*/s;
/**
 * From the first quote to the last, in any language of the server: a value may have quotes of its own. An apostrophe
 * inside a word is none.
 */
const QUOTED = /(["„“”«»「」]|(?<!\w)['‘’])(.*(["„“”«»「」]|['‘’](?!\w))|.*)/s;
/** Numbers and bytes, such as `0xff`, but not the length of a type. */
const NUMBER = /(?<![(\w])-?\d[\w.]*/g;

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
export function kindOf({ reason }: Pick<Refusal, 'reason'>): string {
  const kind = OF_CONSTRAINT.test(reason)
    ? reason
    : reason.replace(OF_JSON, '$1').replace(QUOTED, '"…"').replaceAll(NUMBER, '…');
  const line = oneLine(kind);
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}
