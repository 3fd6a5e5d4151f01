import { addAbortSignal } from 'node:stream';
import { text } from 'node:stream/consumers';
import { InvalidArgumentError } from '@commander-js/extra-typings';
import { FatalError } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import { merged, type RowRange } from '@csv2db/libs/ranges.ts';

/** Rows that are named, or where to read them from. */
export type RowList = readonly RowRange[] | '-';

/**
 * The rows of a list such as `7,1200-1300`, in ascending order, each once. White space and line breaks
 * separate as commas do.
 *
 * @throws InvalidArgumentError when it is none.
 */
export function parseRowList(list: string): RowRange[] {
  const words = list.split(/[\s,]+/).filter((word) => word !== '');
  return merged(words.map(parseRange));
}

/**
 * The rows that are named, be it on standard input.
 *
 * @throws FatalError when what is there is no list.
 */
export async function readRowList(
  list: RowList,
  signal: AbortSignal,
  log: Logger,
): Promise<readonly RowRange[]> {
  if (list !== '-') return list;
  try {
    const ranges = parseRowList(await text(addAbortSignal(signal, process.stdin)));
    if (ranges.length === 0) log.warn('--rows: no row is named on standard input');
    return ranges;
  } catch (error) {
    if (signal.aborted) return [];
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new FatalError(`--rows: standard input has no list of rows. ${error.message}`, {
      cause: error,
    });
  }
}

function parseRange(word: string): RowRange {
  const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(word) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (first >= 1 && last >= first && Number.isSafeInteger(last)) return { first, end: last + 1 };
  const shown = JSON.stringify(word.length > 40 ? `${word.slice(0, 40)}…` : word);
  throw new InvalidArgumentError(
    `It must be numbers of rows and ranges of them, such as 7,1200-1300, and ${shown} is none.`,
  );
}
