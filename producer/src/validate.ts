import type { Problem } from '@csv2db/libs/contact.ts';
import type { CsvRows, Values } from '@csv2db/libs/csv/records.ts';
import type { ParsedChunk, RowChunk } from './source/chunk.ts';
import { placesOf, type RowPlace } from './source/lines.ts';
import { isProblem, type ToValues } from './values.ts';

/** A row that is not published, and why. */
export interface Reject extends Problem {
  row: number;
  /** Where it stands in the file, where that is known. */
  place?: RowPlace | undefined;
}

/** Rows that follow one another in the file, none between them rejected. */
export type Run = ValuesRun | CsvRun;

export interface ValuesRun {
  kind: 'values';
  /** Number of the first of the rows. */
  firstRow: number;
  rows: Values[];
}

/** Rows as they stand in the file, which is how they are sent. */
export interface CsvRun {
  kind: 'csv';
  /** Number of the first of the rows. */
  firstRow: number;
  csv: CsvRows;
}

/** The rows of a chunk, each in one of two places. */
export interface ValidatedChunk {
  runs: Run[];
  rejects: Reject[];
}

/** Sorts the rows of a chunk into those to send and rejects; plain ones are sent. */
export function validate(chunk: RowChunk, toValues: ToValues): ValidatedChunk {
  if (chunk.kind === 'parsed') return validateParsed(chunk, toValues);
  const { firstRow, csv } = chunk;
  return { runs: [{ kind: 'csv', firstRow, csv }], rejects: [] };
}

function validateParsed(chunk: ParsedChunk, toValues: ToValues): ValidatedChunk {
  const { firstRow, rows, start } = chunk;
  const runs: ValuesRun[] = [];
  const rejects: Reject[] = [];
  let places: RowPlace[] | undefined;
  let run: ValuesRun | undefined;
  for (const [index, fields] of rows.entries()) {
    const row = firstRow + index;
    const outcome = toValues(fields);
    if (isProblem(outcome)) {
      places ??= placesOf(chunk);
      rejects.push({ row, place: places[row - start.rows - 1], ...outcome });
      run = undefined;
    } else if (run) {
      run.rows.push(outcome);
    } else {
      run = { kind: 'values', firstRow: row, rows: [outcome] };
      runs.push(run);
    }
  }
  return { runs, rejects };
}
