import { type Contact, contactProblem, type Problem } from '@csv2db/libs/contact.ts';
import { type CsvRows, toContact } from '@csv2db/libs/csv/contacts.ts';
import type { ParsedChunk, RowChunk } from './source/chunk.ts';
import { linesOf } from './source/lines.ts';

/** A row that is not published, and why. */
export interface Reject extends Problem {
  row: number;
  /** The line of the file on which it begins, from 1, where that is known. */
  line?: number;
}

/** Rows that follow one another in the file, none between them rejected. */
export interface Run {
  /** Number of the first of the rows. */
  firstRow: number;
  /** As they are in the file, where that is how they are sent. */
  contacts: Contact[] | CsvRows;
}

/** The rows of a chunk, each in one of two places. */
export interface ValidatedChunk {
  runs: Run[];
  rejects: Reject[];
}

/** Sorts the rows of a chunk into contacts and rejects; plain ones are contacts. */
export function validate(chunk: RowChunk): ValidatedChunk {
  if (chunk.kind === 'parsed') return validateParsed(chunk);
  return { runs: [{ firstRow: chunk.firstRow, contacts: chunk.csv }], rejects: [] };
}

function validateParsed(chunk: ParsedChunk): ValidatedChunk {
  const { firstRow, rows, start } = chunk;
  const runs: { firstRow: number; contacts: Contact[] }[] = [];
  const rejects: Reject[] = [];
  let lines: number[] | undefined;
  let run: (typeof runs)[number] | undefined;
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
      run = { firstRow: row, contacts: [outcome] };
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
