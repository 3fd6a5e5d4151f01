/** A place between two rows of the files that are imported. */
export interface Position {
  /** Index of the file. */
  file: number;
  /** Rows in front of it, those of earlier files among them. */
  rows: number;
  /** Lines in front of it in the file. */
  lines: number;
  /** Bytes in front of it in the file: of its text as UTF-8, without a byte order mark. */
  bytes: number;
}

/** The place before the first row. */
export const START: Position = { file: 0, rows: 0, lines: 0, bytes: 0 };

/** Where rows that follow one another lie, without what is in them. */
export interface RowSpan {
  firstRow: number;
  /** Number of the last row. */
  lastRow: number;
  /** Where to read the file from to come by these rows again. */
  start: Position;
}
