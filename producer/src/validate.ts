import { contactProblem, type Contact } from '@csv2db/libs/contact.ts';
import { linesOf, MalformedRow, type Row, type RowChunk } from './source/rows.ts';

/** A row that is not published, and why. */
export interface Reject {
  row: number;
  /** The line of the file on which it begins, from 1. */
  line: number;
  reason: string;
}

/** Contacts of rows that follow one another in the file, none between them rejected. */
export interface ContactRun {
  /** Number of the first of the rows. */
  firstRow: number;
  contacts: Contact[];
}

/** The rows of a chunk, each in one of two places. */
export interface ValidatedChunk {
  runs: ContactRun[];
  rejects: Reject[];
}

/** Sorts the rows of a chunk into contacts and rejects. */
export function validate(chunk: RowChunk): ValidatedChunk {
  const { firstRow, rows, start } = chunk;
  const runs: ContactRun[] = [];
  const rejects: Reject[] = [];
  let lines: number[] | undefined;
  let run: ContactRun | undefined;
  for (const [index, fields] of rows.entries()) {
    const row = firstRow + index;
    const outcome = toContact(fields);
    if (typeof outcome === 'string') {
      lines ??= linesOf(chunk);
      const line = lines[row - start.rows - 1] ?? start.lines + 1;
      rejects.push({ row, line, reason: outcome });
      run = undefined;
    } else if (run) {
      run.contacts.push(outcome);
    } else {
      run = { firstRow: row, contacts: [outcome] };
      runs.push(run);
    }
  }
  return { runs, rejects };
}

/** The contact that a row holds, or why it holds none. */
function toContact(row: Row): Contact | string {
  if (row instanceof MalformedRow) return row.reason;
  const [name, email] = row;
  if (name === undefined || email === undefined || row.length !== 2) {
    return `${row.length} ${row.length === 1 ? 'field' : 'fields'} instead of 2 (name,email)`;
  }
  return contactProblem(name, email) ?? { name, email };
}
