import { type Contact, contactProblem, type Problem } from '@csv2db/libs/contact.ts';
import type { CsvRows } from '@csv2db/libs/csv/records.ts';
import { toContact } from '@csv2db/libs/csv/rows.ts';
import type { ParsedChunk, RowChunk } from './source/chunk.ts';
import { linesOf } from './source/lines.ts';

/** A row that is not published, and why. */
export interface Reject extends Problem {
  row: number;
  /** The line of the file on which it begins, from 1, where that is known. */
  line?: number;
}

/** Rows that follow one another in the file, none between them rejected. */
export type Run = ContactRun | CsvRun;

export interface ContactRun {
  kind: 'contacts';
  /** Number of the first of the rows. */
  firstRow: number;
  contacts: Contact[];
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

/** Sorts the rows of a chunk into contacts and rejects; plain ones are contacts. */
export function validate(chunk: RowChunk): ValidatedChunk {
  if (chunk.kind === 'parsed') return validateParsed(chunk);
  const { firstRow, csv } = chunk;
  return { runs: [{ kind: 'csv', firstRow, csv }], rejects: [] };
}

function validateParsed(chunk: ParsedChunk): ValidatedChunk {
  const { firstRow, rows, start } = chunk;
  const runs: ContactRun[] = [];
  const rejects: Reject[] = [];
  let lines: number[] | undefined;
  let run: ContactRun | undefined;
  for (const [index, fields] of rows.entries()) {
    const row = firstRow + index;
    const outcome = checked(toContact(fields));
    if ('reason' in outcome) {
      lines ??= linesOf(chunk);
      const line = lines[row - start.rows - 1] ?? start.lines + 1;
      rejects.push({ row, line, ...outcome });
      run = undefined;
    } else if (run) {
      run.contacts.push(outcome);
    } else {
      run = { kind: 'contacts', firstRow: row, contacts: [outcome] };
      runs.push(run);
    }
  }
  return { runs, rejects };
}

/** A contact, unless something is wrong with it. */
function checked(contact: Contact | Problem): Contact | Problem {
  if ('reason' in contact) return contact;
  return contactProblem(contact.name, contact.email) ?? contact;
}
