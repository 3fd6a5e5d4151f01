import { type Announcement, parseAnnouncement } from '@csv2db/libs/announcement.ts';
import type { Tally } from './tally.ts';

/** How long an import may be silent before it is taken to have stopped, in seconds. */
export const LONGEST_SILENCE = 30;

/**
 * - `complete`: it has ended, and every row is accounted for.
 * - `running`: it is not, and something happens, or messages of any import wait.
 * - `incomplete`: it is not, and nothing happens, as far as is known.
 */
export type State = 'complete' | 'running' | 'incomplete';

/** A file of an import; its size is null of a pipe. */
interface File {
  name: string;
  bytes: number | null;
}

/**
 * An import, and what became of its rows. Once it is known how many there are,
 *
 *     read = rejected + inserted + duplicate + skipped + dead + pending
 *
 * The names are those of `status --json`.
 */
export interface Import {
  import: string;
  /** The first of its files; none where nobody announced it. */
  files: readonly File[];
  fileCount: number;
  /** Size of its files; null of a pipe, or where nobody announced it. */
  bytes: number | null;
  /** ISO 8601, UTC; null where nobody announced it. */
  begun: string | null;
  /** When its last row was published; null before. */
  ended: string | null;
  /** When the last of it was recorded. */
  recorded: string;
  state: State;
  /** Rows of its files; null before all are read. */
  read: number | null;
  /**
   * `read`, once that is known; before, an estimate by the bytes that were read so far, and not below the rows
   * accounted for. Null where there is none, as of a pipe.
   */
  expected: number | null;
  rejected: number;
  inserted: number;
  duplicate: number;
  skipped: number;
  dead: number;
  /** Rows that nobody has told of yet; null before all are read. */
  pending: number | null;
  /** Rows that were stored more than once, into a table that has no unique constraint. */
  doubled: number;
  /** Rows that came without their numbers, which are in none of the above. */
  unnumbered: number;
  firstRow: number;
  /** Null before all rows are read. */
  lastRow: number | null;
  /** Number of the last row that is known; null where there is none. */
  highestRow: number | null;
  /** Rows accounted for per second: lately, while it runs; otherwise from its begin to the last of it. */
  rowsPerSecond: number | null;
  /** Seconds until all is accounted for, at that rate; null where that is not known. */
  etaSeconds: number | null;
}

/**
 * What is made of the numbers of an import.
 *
 * @param isWaiting whether messages are known to wait in the queue, no matter whose.
 */
export function toImport(tally: Tally, isWaiting: boolean): Import {
  const { importId, covered, dead, rejected, skipped, lowest, highest } = tally;
  const told = toldOf(tally.announcements.flatMap((text) => parseAnnouncement(text) ?? []));
  const firstRow = Math.min(told.firstRow, lowest ?? Infinity);
  // rows behind the end that is known: it goes on
  const isClosed = told.lastRow !== undefined && told.lastRow >= (highest ?? 0);
  const lastRow = isClosed ? told.lastRow : undefined;
  const accounted = covered + dead + rejected;
  const read = lastRow === undefined ? null : countOf(firstRow, lastRow);
  const pending = read === null ? null : read - accounted;
  const lastExpected = told.estimate && Math.max(told.estimate.lastRow, highest ?? 0);
  const expected = read ?? (lastExpected === undefined ? null : countOf(firstRow, lastExpected));
  const isComplete = pending === 0;
  const isBusy = tally.idle < LONGEST_SILENCE || isWaiting;
  const state = isComplete ? 'complete' : isBusy ? 'running' : 'incomplete';
  // while it runs, the sum is ahead of the ranges; what was skipped may have been stored later
  const inserted = Math.min(tally.inserted, covered);
  const leftOut = Math.min(skipped, covered - inserted);
  const rate = state === 'running' ? lateRate(tally) : wholeRate(tally, told.begun, accounted);
  return {
    import: importId,
    files: told.files.map(({ name, bytes = null }) => ({ name, bytes })),
    fileCount: told.fileCount,
    bytes: told.bytes ?? null,
    begun: told.begun ?? null,
    ended: isClosed ? (told.ended ?? null) : null,
    recorded: tally.lastRecorded.toISOString(),
    state,
    read,
    expected,
    rejected,
    inserted,
    duplicate: covered - inserted - leftOut,
    skipped: leftOut,
    dead,
    pending,
    doubled: isComplete ? Math.max(0, tally.inserted - inserted - tally.unnumbered) : 0,
    unnumbered: tally.unnumbered,
    firstRow,
    lastRow: lastRow ?? null,
    highestRow: highest,
    rowsPerSecond: rate === undefined ? null : Math.round(rate),
    etaSeconds: state === 'running' ? secondsFor(expected, accounted, rate) : null,
  };
}

function countOf(firstRow: number, lastRow: number): number {
  return Math.max(0, lastRow - firstRow + 1);
}

/** Seconds until the rows that are expected are accounted for; null where that is not known. */
function secondsFor(
  expected: number | null,
  accounted: number,
  rowsPerSecond: number | undefined,
): number | null {
  // an estimate that was too low is none any more
  if (expected === null || expected <= accounted || !rowsPerSecond) return null;
  return Math.ceil((expected - accounted) / rowsPerSecond);
}

type Told = Omit<Announcement, 'begun'> & { begun: string | undefined };

const NOTHING_TOLD: Told = { begun: undefined, files: [], fileCount: 0, firstRow: 1 };

/** What all that was told of an import comes to: that of the last row counts, and the first that begun. */
function toldOf(announcements: readonly Announcement[]): Told {
  const sorted = announcements.toSorted(
    (a, b) => (b.lastRow ?? -1) - (a.lastRow ?? -1) || (b.ended ?? '').localeCompare(a.ended ?? ''),
  );
  const [last] = sorted;
  if (!last) return NOTHING_TOLD;
  const begun = sorted.map((announcement) => announcement.begun).toSorted()[0];
  const firstRow = Math.min(...sorted.map((announcement) => announcement.firstRow));
  const [estimate] = sorted
    .flatMap((announcement) => announcement.estimate ?? [])
    .toSorted((a, b) => b.madeAt - a.madeAt);
  return { ...last, begun, firstRow, estimate };
}

function lateRate({ recent, recentSeconds }: Tally): number | undefined {
  return recentSeconds > 0 ? recent / Math.max(recentSeconds, 1) : undefined;
}

function wholeRate(
  { lastRecorded }: Tally,
  begun: string | undefined,
  accounted: number,
): number | undefined {
  const milliseconds = lastRecorded.getTime() - Date.parse(begun ?? '');
  return milliseconds > 0 ? (1000 * accounted) / milliseconds : undefined;
}
