import { findRows } from '@csv2db/libs/csv/bounds.ts';
import { type CsvRows, toCsv } from '@csv2db/libs/csv/records.ts';
import { CONTENT_TYPE, toJson } from '@csv2db/libs/message.ts';
import type { Run, ValuesRun } from './validate.ts';

/** Rows that follow one another in the file, as they are sent. */
export interface Packed {
  /** Number of its first row. */
  firstRow: number;
  /** Number of its rows. */
  rows: number;
  body: Buffer;
  contentType: string;
}

/** What is sent, and what it tells the ledger. */
export interface Message extends Packed {
  /** Number of the rejected rows just before its first row. */
  rejectedBefore: number;
  /** Number of the rejected rows just behind its last row. */
  rejectedAfter: number;
  /** An `Announcement` as JSON, in place of rows. */
  announcement?: string;
}

/** Most bytes in a body of several rows; a longer row is a message of its own. */
const MOST_BYTES = 256 * 1024;

/**
 * Packs rows into messages; one holds rows that follow one another, so that each has a number.
 *
 * @param columns what the values of the rows are.
 * @param rowsPerMessage 1 for a body that is the row, in JSON; otherwise it is CSV, of so many rows
 * at most.
 */
export function pack(
  runs: readonly Run[],
  columns: readonly string[],
  rowsPerMessage: number,
): Packed[] {
  return runs.flatMap((run) => {
    if (run.kind === 'csv') return together(run.firstRow, run.csv, rowsPerMessage);
    // a blank line would be no row
    const hasBlankLine = columns.length === 1 && run.rows.some(([value]) => value === null);
    return rowsPerMessage === 1 || hasBlankLine
      ? singly(run, columns)
      : together(run.firstRow, toCsv(run.rows), rowsPerMessage);
  });
}

/**
 * Packs the rows of a message anew, for a broker that finds it too large: in halves, and those in
 * halves, until no body is larger than so many bytes, or is a row alone.
 */
export function packSmaller(message: Packed, mostBytes: number): Packed[] {
  const { firstRow, rows, body } = message;
  if (body.length <= mostBytes || rows === 1) return [message];
  const middle = rows >> 1;
  const cut = findRows(body, true, Infinity).bounds[middle]?.start;
  if (cut === undefined) throw new Error(`a message has not the ${rows} rows it is said to have`);
  return [
    { ...message, rows: middle, body: body.subarray(0, cut) },
    { ...message, firstRow: firstRow + middle, rows: rows - middle, body: body.subarray(cut) },
  ].flatMap((half) => packSmaller(half, mostBytes));
}

function singly({ firstRow, rows }: ValuesRun, columns: readonly string[]): Packed[] {
  return rows.map((values, index) => ({
    firstRow: firstRow + index,
    rows: 1,
    body: Buffer.from(toJson(columns, values)),
    contentType: CONTENT_TYPE.json,
  }));
}

/** Cuts rows into messages. */
function together(firstRow: number, { bytes, ends }: CsvRows, rowsPerMessage: number): Packed[] {
  const messages: Packed[] = [];
  let [first, begin, end] = [0, 0, 0];
  const flush = (next: number): void => {
    messages.push({
      firstRow: firstRow + first,
      rows: next - first,
      body: bytes.subarray(begin, end),
      contentType: CONTENT_TYPE.csv,
    });
    [first, begin] = [next, end];
  };
  for (let row = 0; row < ends.length; row += 1) {
    const rowEnd = ends[row] ?? 0;
    const isFull = row - first === rowsPerMessage || rowEnd - begin > MOST_BYTES;
    if (isFull && row > first) flush(row);
    end = rowEnd;
  }
  if (end > begin) flush(ends.length);
  return messages;
}
