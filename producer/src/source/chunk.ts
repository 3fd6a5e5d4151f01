import type { Row } from './csv.ts';
import type { Position } from './position.ts';

/** Consecutive rows of a file. */
export interface RowChunk {
  /** Number of the first row; rows count from 1 at the start of the file, blank lines excluded. */
  firstRow: number;
  rows: Row[];
  /** Where to read the file from to come by these rows again. */
  start: Position;
  /** What was read there; empty when it is one row that is too long. */
  bytes: Buffer;
  /** Where in these each row begins; undefined where every line that is not blank is a row. */
  starts: number[] | undefined;
}
