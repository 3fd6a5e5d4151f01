import type { CsvRows } from '@csv2db/libs/csv/records.ts';
import type { Row } from '@csv2db/libs/csv/rows.ts';
import type { Position } from './position.ts';

/** Consecutive rows of a file. */
export type RowChunk = PlainChunk | ParsedChunk;

interface Chunk {
  /** Number of the first row; rows count from 1 at the start of the import, blank lines excluded. */
  firstRow: number;
  /** Where to read the file from to come by these rows again. */
  start: Position;
}

/** Rows that pass every rule, as canonical CSV of the columns that are sent. */
export interface PlainChunk extends Chunk {
  kind: 'plain';
  csv: CsvRows;
}

/** Rows of any kind. */
export interface ParsedChunk extends Chunk {
  kind: 'parsed';
  rows: Row[];
  /** What was read at the start; empty when it is one row that is too long. */
  bytes: Buffer;
  /** Where in these each row begins; undefined where every line that is not blank is a row. */
  starts: number[] | undefined;
}

/** How many rows a chunk has. */
export function countRows(chunk: RowChunk): number {
  return chunk.kind === 'plain' ? chunk.csv.ends.length : chunk.rows.length;
}
