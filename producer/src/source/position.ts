/** A place between two rows of a file: so many rows, lines and bytes are before it. */
export interface Position {
  rows: number;
  lines: number;
  bytes: number;
}

/** The place before the first row. */
export const START: Position = { rows: 0, lines: 0, bytes: 0 };

/** Where rows that follow one another lie, without what is in them. */
export interface RowSpan {
  firstRow: number;
  /** Number of the last row. */
  lastRow: number;
  /** Where to read the file from to come by these rows again. */
  start: Position;
}
