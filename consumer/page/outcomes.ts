import { percent, plural } from './format.ts';
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

/** The parts of a bar, without those that have no row. */
export function partsOf(row: Outcomes): Part[] {
  const rows = [...OUTCOMES, 'pending' as const].map((outcome) => ({
    outcome,
    rows: row[outcome] ?? 0,
  }));
  const total = rows.reduce((sum, part) => sum + part.rows, 0);
  return rows
    .filter((part) => part.rows > 0)
    .map((part) => ({ ...part, share: part.rows / total }));
}

/** What a bar says, in words: parts of all rows, or, while nobody knows how many there are, of those so far. */
export function inWords(row: Outcomes): string {
  const words = partsOf(row).map(
    ({ outcome, rows, share }) => `${percent(share)} ${outcome} (${plural(rows, 'row')})`,
  );
  if (row.pending === null) words.push('and more to come');
  return words.length === 0 ? 'no row' : words.join(', ');
}
