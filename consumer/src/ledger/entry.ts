import type { RowRange } from '@csv2db/libs/ranges.ts';

/** What became of some rows of an import. */
export interface Entry {
  importId: string;
  /** Rows that are in the table, are duplicates, or were skipped. */
  covered: readonly RowRange[];
  /** Rows that are dead letters. Nobody is told before their letters are safe. */
  refused: readonly RowRange[];
  /** Rows that the producer rejected. */
  rejected: readonly RowRange[];
  /** Those of the covered rows that the database left out, without an error. */
  skipped: readonly RowRange[];
  /** Number of rows that were inserted. */
  inserted: number;
  /** Number of rows that have none. */
  unnumbered: number;
}

/** Nothing of an import. */
export function noEntry(importId: string): Entry {
  const none: readonly RowRange[] = [];
  return {
    importId,
    covered: none,
    refused: none,
    rejected: none,
    skipped: none,
    inserted: 0,
    unnumbered: 0,
  };
}
