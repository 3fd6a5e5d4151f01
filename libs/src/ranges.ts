/** Rows of an import, which follow one another: those of numbers from `first` up to `end`, without it. */
export interface RowRange {
  first: number;
  end: number;
}

/** How many rows there are in ranges. */
export function countIn(ranges: readonly RowRange[]): number {
  return ranges.reduce((sum, { first, end }) => sum + end - first, 0);
}

/** Ranges as the fewest that hold the same numbers, in order. */
export function merged(ranges: readonly RowRange[]): RowRange[] {
  const result: RowRange[] = [];
  let last: RowRange | undefined;
  for (const { first, end } of [...ranges].sort((a, b) => a.first - b.first)) {
    if (first >= end) continue;
    if (last && first <= last.end) {
      last.end = Math.max(last.end, end);
    } else {
      last = { first, end };
      result.push(last);
    }
  }
  return result;
}
