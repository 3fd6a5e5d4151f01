import { type Contact, contactProblem, type Problem } from '@csv2db/libs/contact.ts';
import type { RowChunk } from './source/chunk.ts';
import { MalformedRow, type Row } from './source/csv.ts';
import { linesOf } from './source/lines.ts';

/** A row that is not published, and why. */
export interface Reject extends Problem {
  row: number;
  /** The line of the file on which it begins, from 1, where that is known. */
  line?: number;
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
    if ('reason' in outcome) {
      lines ??= linesOf(chunk);
      const line = lines[row - start.rows - 1] ?? start.lines + 1;
      rejects.push({ row, line, ...outcome });
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
function toContact(row: Row): Contact | Problem {
  if (row instanceof MalformedRow) return { reason: row.reason };
  const [name, email] = row;
  if (name === undefined || email === undefined || row.length !== 2) {
    const fields = `${row.length} ${row.length === 1 ? 'field' : 'fields'}`;
    return { reason: `${fields} instead of 2 (name,email)` };
  }
  return contactProblem(name, email) ?? { name, email };
}
