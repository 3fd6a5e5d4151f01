import { type Origin, originOf } from '@csv2db/libs/origin.ts';
import { merged, type RowRange } from '@csv2db/libs/ranges.ts';
import type { Delivery, Refusal, Row } from '../batch.ts';
import { type Entry, noEntry } from './entry.ts';
import { without } from './ranges.ts';

/** The import of messages that name none. */
export const FOREIGN = '';

/** Keeps account of the rows of a batch that are of one import, and of the same columns. */
export class Account {
  readonly importId: string;
  readonly #numbered: RowRange[] = [];
  readonly #rejected: RowRange[] = [];
  #unnumbered = 0;

  constructor(importId: string) {
    this.importId = importId;
  }

  /**
   * Adds a message, or a row of one.
   *
   * @param count number of its rows, of which each is stored or refused; of what is refused as a whole, 1.
   * @param index the place of the row, from 0; undefined for the whole message.
   */
  add(origin: Origin | undefined, count: number, index?: number): void {
    if (origin) this.reject(origin);
    if (!origin?.rows) {
      this.#unnumbered += count;
      return;
    }
    const { first, end } = rowsOf(origin.rows, index);
    const last = this.#numbered.at(-1);
    if (last?.end === first) last.end = end;
    else this.#numbered.push({ first, end });
  }

  /** Notes the rows that the producer rejected beside those of a message. */
  reject({ rejected }: Origin): void {
    for (const range of rejected) this.#rejected.push(range);
  }

  /** Of some of the rows, how many were inserted; what became of the others is told later. */
  part(inserted: number): Entry | undefined {
    if (inserted === 0) return undefined;
    return { ...noEntry(this.importId), inserted };
  }

  /**
   * What became of all the rows but those that are refused: `deadEntries` tells of them.
   *
   * @param inserted rows that no other entry tells of.
   */
  whole(inserted: number, refusals: readonly Refusal[], skipped: readonly Row[] = []): Entry {
    const refused = refusals.flatMap(({ delivery, part }) => rangeOf(delivery, part?.index));
    const numberless = refusals.length - refused.length;
    return {
      ...noEntry(this.importId),
      covered: without(this.#numbered, refused),
      rejected: merged(this.#rejected),
      skipped: merged(skipped.flatMap(({ delivery, index }) => rangeOf(delivery, index))),
      inserted,
      unnumbered: this.#unnumbered - numberless,
    };
  }
}

/** What became of refused rows, of each import that has some, now that they are dead letters. */
export function deadEntries(refusals: readonly Refusal[]): Entry[] {
  const byImport = new Map<string, RowRange[]>();
  for (const { delivery, part } of refusals) {
    const importId = originOf(delivery.properties.headers)?.importId ?? FOREIGN;
    const ranges = byImport.get(importId) ?? [];
    byImport.set(importId, ranges);
    ranges.push(...rangeOf(delivery, part?.index));
  }
  return [...byImport]
    .filter(([, ranges]) => ranges.length > 0)
    .map(([importId, ranges]) => ({ ...noEntry(importId), refused: merged(ranges) }));
}

/** The numbers of a message, or of a row of it; none where it does not tell. */
function rangeOf({ properties }: Delivery, index: number | undefined): RowRange[] {
  const rows = originOf(properties.headers)?.rows;
  return rows ? [rowsOf(rows, index)] : [];
}

function rowsOf({ first, end }: RowRange, index: number | undefined): RowRange {
  return index === undefined ? { first, end } : { first: first + index, end: first + index + 1 };
}
