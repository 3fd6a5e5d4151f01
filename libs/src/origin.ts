import { HEADERS } from './message.ts';
import type { RowRange } from './ranges.ts';

/** Where a message comes from. */
export interface Origin {
  importId: string;
  /** The rows that it holds; undefined where it does not say so. */
  rows: RowRange | undefined;
  /** Rows beside them that the producer rejected. */
  rejected: readonly RowRange[];
}

/** What an id of an import is: printable ASCII, which every database can hold. */
const ID = /^[!-~]{1,200}$/;

/** Where a message says that it comes from; undefined where it names no import. */
export function originOf(headers: Record<string, unknown> | undefined): Origin | undefined {
  const importId = headers?.[HEADERS.import];
  if (typeof importId !== 'string' || !ID.test(importId)) return undefined;
  const first = headers?.[HEADERS.row];
  const count = headers?.[HEADERS.rows] ?? 1;
  if (!isCount(first) || first === 0 || !isCount(count) || !isCount(first + count)) {
    return { importId, rows: undefined, rejected: [] };
  }
  const end = first + count;
  const before = countOf(headers?.[HEADERS.rejectedBefore]);
  const after = countOf(headers?.[HEADERS.rejectedAfter]);
  const rejected = [
    { first: Math.max(1, first - before), end: first },
    { first: end, end: end + after },
  ].filter((range) => range.first < range.end);
  return { importId, rows: { first, end }, rejected };
}

function countOf(header: unknown): number {
  return isCount(header) ? header : 0;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
