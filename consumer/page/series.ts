import type { Recent } from './status.ts';

/** What a chart is drawn of: the time of each slot, in seconds since 1970, and values for it. */
export type Series = [times: number[], ...values: (number | null)[][]];

/** In the order in which they are stacked, from below. */
const STACK = ['inserted', 'duplicate', 'skipped', 'dead'] as const;

/** When each slot begins, in seconds since 1970. */
function timesOf({ end, step, depth }: Recent): number[] {
  return depth.map((_, index) => (end - step * (depth.length - index)) / 1000);
}

/**
 * Rows per second by outcome, each with those below it, the highest first: drawn in this order, each covers what
 * the one before has too much.
 */
export function rates(recent: Recent): Series {
  const seconds = recent.step / 1000;
  const sums = recent.inserted.map((first, index) => {
    if (first === null) return STACK.map(() => null);
    let sum = 0;
    return STACK.map((outcome) => (sum += (recent[outcome][index] ?? 0) / seconds));
  });
  const layers = STACK.map((_, layer) => sums.map((stack) => stack[layer] ?? null));
  return [timesOf(recent), ...layers.toReversed()];
}

/** Messages that waited. */
export function depths(recent: Recent): Series {
  return [timesOf(recent), [...recent.depth]];
}

/** Rows per second of all outcomes: the mean of the last slots, and the most of one; null where there is none. */
export function peakOf(recent: Recent, last = 5): { now: number | null; most: number | null } {
  const totals = (rates(recent)[1] ?? []).filter((total) => total !== null);
  if (totals.length === 0) return { now: null, most: null };
  const latest = totals.slice(-last);
  const now = latest.reduce((sum, total) => sum + total, 0) / latest.length;
  return { now, most: Math.max(...totals) };
}
