import type { Contact, Problem } from '../contact.ts';
import { MalformedRow, type Row } from './rows.ts';

/**
 * Rows as canonical CSV: UTF-8, a comma between name and email, a line feed behind every row, and
 * quotes (RFC 4180) only where a field would be another one without.
 */
export interface CsvRows {
  bytes: Buffer;
  /** Offsets behind each row and its line feed; the last one is the number of bytes. */
  ends: readonly number[];
}

/** The contact that a row is, not looked at any further, or why it is none. */
export function toContact(row: Row): Contact | Problem {
  if (row instanceof MalformedRow) return { reason: row.reason };
  const [name, email] = row;
  if (name !== undefined && email !== undefined && row.length === 2) return { name, email };
  const fields = `${row.length} ${row.length === 1 ? 'field' : 'fields'}`;
  return { reason: `${fields} instead of 2 (name,email)` };
}

/** Writes contacts as canonical CSV. */
export function toCsv(contacts: readonly Contact[]): CsvRows {
  const rows = contacts.map(({ name, email }) => `${quoted(name)},${quoted(email)}\n`);
  let end = 0;
  const ends = rows.map((row) => (end += Buffer.byteLength(row)));
  return { bytes: Buffer.from(rows.join('')), ends };
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
