import { percent, plural, rough } from './format.ts';
import type { ImportRow, Outcomes } from './status.ts';

/** What an import is called: by its first file, or by its id where nobody announced it. */
export function nameOf({ file, fileCount, shortId }: ImportRow): string {
  if (file === null) return `import ${shortId}`;
  return fileCount > 1 ? `${file} +${fileCount - 1}` : file;
}

/** In the order of the bar; what is pending is the rest of it. */
export const OUTCOMES = ['inserted', 'duplicate', 'skipped', 'rejected', 'dead'] as const;

/** A part of a bar. */
export interface Part {
  outcome: string;
  rows: number;
  /** Of one. */
  share: number;
}

/** About how many rows there are; null where that is known exactly, or not at all. */
export function estimateOf({ pending, expected }: Outcomes): number | null {
  return pending === null ? expected : null;
}

/** Rows that are pending, or about so many; null where there is no estimate. */
export function pendingOf(row: Outcomes): number | null {
  const estimate = estimateOf(row);
  return estimate === null
    ? row.pending
    : OUTCOMES.reduce((rest, outcome) => rest - row[outcome], estimate);
}

/** The parts of a bar, without those that have no row. An estimate may be too low: more may be pending, always. */
export function partsOf(row: Outcomes): Part[] {
  const all = { ...row, pending: pendingOf(row) ?? 0 };
  const rows = [...OUTCOMES, 'pending' as const].map((outcome) => ({
    outcome,
    rows: all[outcome],
  }));
  const total = rows.reduce((sum, part) => sum + part.rows, 0);
  const isOpen = estimateOf(row) !== null;
  return rows
    .filter(({ outcome, rows }) => rows > 0 || (isOpen && outcome === 'pending'))
    .map((part) => ({ ...part, share: part.rows / Math.max(total, 1) }));
}

/** What a bar says, in words: parts of all rows, or, while nobody knows how many there are, of those so far. */
export function inWords(row: Outcomes): string {
  const estimate = estimateOf(row);
  const words = partsOf(row).map(({ outcome, rows, share }) => {
    const isRough = estimate !== null && outcome === 'pending';
    return `${percent(share)} ${outcome} (${isRough ? `about ${rough(rows)} rows` : plural(rows, 'row')})`;
  });
  if (estimate !== null) return `of about ${rough(estimate)} rows: ${words.join(', ')}`;
  if (row.pending === null) words.push('and more to come');
  return words.length === 0 ? 'no row' : words.join(', ');
}
