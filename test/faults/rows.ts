import { IS_PACKED, ROWS } from './size.ts';

/** The name in rows that the database refuses, where a test has it do so. */
export const POISON = 'Poison';

/** Of rows of faults, one in so many is rejected, on top of the valid ones; others lie in blocks without one. */
const REJECTED_EVERY = IS_PACKED ? 20_000 : 1_000;
/** How many those are. */
export const REJECTED = Math.ceil(ROWS / REJECTED_EVERY);
/** In packed files an earlier row comes again behind one in so many. */
const AGAIN_EVERY = 100;
/** Of mixed rows, one in so many is rejected, one is a duplicate, and one is poison. */
const OF_EACH_KIND = 100;

/** The lines of the file that faults are tried on. @param row a valid one, by its number. */
export function* rowsOfFaults(row = (n: number): string => `Name ${n},${n}@example.com`) {
  for (let n = 0; n < ROWS; n += 1) {
    yield row(n);
    if (IS_PACKED && n % AGAIN_EVERY === 0) yield row(Math.floor(n * 0.7));
    if (n % REJECTED_EVERY === 0) yield `Bad ${n},not an email`;
  }
}

/** Lines of which some are rejected, duplicates and poison; `first` and up to `end` are their numbers. */
export function* mixedRows(first: number, end: number, name = 'Name') {
  for (let n = first; n < end; n += 1) {
    const kind = n % OF_EACH_KIND;
    // one of an earlier message, or of the same
    if (kind === 40) yield `${name} ${n},${Math.floor(n * 0.7)}@example.com`;
    else if (kind === 20) yield `${name} ${n},no email`;
    else if (kind === 60) yield `${POISON},${n}@example.com`;
    else yield `${name} ${n},${n}@example.com`;
  }
}
