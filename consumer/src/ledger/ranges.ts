import { merged, type RowRange } from '@csv2db/libs/ranges.ts';

/** What is in some ranges, and not in others. */
export function without(ranges: readonly RowRange[], others: readonly RowRange[]): RowRange[] {
  if (others.length === 0) return merged(ranges);
  const holes = merged(others);
  const result: RowRange[] = [];
  let next = 0;
  for (const { first, end } of merged(ranges)) {
    let from = first;
    while ((holes[next]?.end ?? Infinity) <= from) next += 1;
    for (let at = next; (holes[at]?.first ?? Infinity) < end; at += 1) {
      const hole = holes[at];
      if (!hole) break;
      if (from < hole.first) result.push({ first: from, end: hole.first });
      from = hole.end;
    }
    if (from < end) result.push({ first: from, end });
  }
  return result;
}

/** Ranges as PostgreSQL reads an `int8multirange`. */
export function toMultirange(ranges: readonly RowRange[]): string {
  return `{${ranges.map(({ first, end }) => `[${first},${end})`).join(',')}}`;
}
