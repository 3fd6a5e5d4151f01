import { basename } from 'node:path';
import { printable } from '@csv2db/libs/visible.ts';
import type { ImportRow } from '../../page/status.ts';
import type { Import } from '../status/import.ts';

/**
 * An import as the page shows it. Names may be anything: what could not be seen, or would turn the
 * direction of a text, is escaped.
 */
export function toRow(found: Import, shortId: string): ImportRow {
  const [first] = found.files;
  const { fileCount, begun, state, expected, highestRow, rowsPerSecond, etaSeconds } = found;
  const { inserted, duplicate, skipped, rejected, dead, pending } = found;
  return {
    id: printable(found.import),
    shortId: printable(shortId),
    file: first ? printable(basename(first.name) || first.name) : null,
    fileCount,
    begun,
    state,
    expected,
    highestRow,
    rowsPerSecond,
    etaSeconds,
    inserted,
    duplicate,
    skipped,
    rejected,
    dead,
    pending,
  };
}
