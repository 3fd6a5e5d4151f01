import { FatalError } from '@csv2db/libs/errors.ts';
import type { RowRange } from '@csv2db/libs/ranges.ts';
import type { Standing } from './prefix.ts';
import type { Progress } from './progress.ts';
import { formatLimit, isExceeded, type RejectLimit } from './rejects/limit.ts';

/** @throws FatalError when more rows are rejected than may be. */
export function refuseRejects(most: RejectLimit, { rejects, read }: Progress): void {
  if (!isExceeded(most, rejects.count, read)) return;
  throw new FatalError(
    `--max-rejects ${formatLimit(most)}: ${rejects.count} of ${read} rows are rejected`,
  );
}

/** @throws FatalError when rows that are wanted are behind the end of the files. */
export function refuseBeyond(wanted: readonly RowRange[], { rows }: Standing, title: string): void {
  const beyond = wanted.find(({ end }) => end > rows + 1);
  if (!beyond) return;
  const first = Math.max(beyond.first, rows + 1);
  throw new FatalError(
    `--rows: ${title} has no row ${first}: are these the files of that import, and its flags? The rows in front of it are published`,
  );
}

/** @throws FatalError when no row of files that have some was published. */
export function refuseNothing(title: string, { rejects, read, published }: Progress): void {
  if (published > 0 || read === 0) return;
  const remedy = rejects.remedy(read);
  throw new FatalError(
    `nothing of ${title} was published: its rows are all rejected (${rejects.inWords()})${remedy === undefined ? '' : `: ${remedy}`}`,
  );
}
