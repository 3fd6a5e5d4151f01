import { isUtf8 } from 'node:buffer';
import type { Contact } from './contact.ts';
import { toRecord, type Values } from './csv/records.ts';
import { messageOf } from './errors.ts';

/** What a message body is. */
export const CONTENT_TYPE = {
  /** A row, `{"name":"…","email":"…"}`, or an array of rows; so is a body of any other type. */
  json: 'application/json',
  /** Rows as CSV: UTF-8, commas, `name,email`, no header (RFC 4180 and RFC 7111). */
  csv: 'text/csv',
  /** No row: an empty body, whose headers tell the ledger of an import. */
  ledger: 'application/vnd.csv2db.ledger',
} as const;

/** Whether a content type, which may have parameters, is that of CSV. */
export function isCsv(contentType: unknown): boolean {
  return typeof contentType === 'string' && /^text\/csv\s*(;|$)/i.test(contentType);
}

/**
 * The headers of every message, which say where its rows come from. They follow one another in the
 * file.
 */
export const HEADERS = {
  /** Id of the import: one run over its files, with those that resume it. */
  import: 'x-csv2db-import',
  /** Number of the first row in the import, from 1. */
  row: 'x-csv2db-row',
  /** Number of rows; absent when it is one. */
  rows: 'x-csv2db-rows',
  /** Names of the columns, as a record of CSV; absent when they are `name,email`. */
  columns: 'x-csv2db-columns',
  /** Number of the rejected rows just before the first row; absent when there is none. */
  rejectedBefore: 'x-csv2db-rejected-before',
  /** Number of the rejected rows just behind the last row; absent when there is none. */
  rejectedAfter: 'x-csv2db-rejected-after',
  /** What the import is, as JSON: of a message for the ledger. */
  announcement: 'x-csv2db-announcement',
} as const;

/** The columns of rows that name none. */
export const CONTACT_COLUMNS: readonly string[] = ['name', 'email'];

/** The header that names columns; undefined where it is to be absent. */
export function columnsHeader(columns: readonly string[]): string | undefined {
  const record = toRecord(columns);
  return record === toRecord(CONTACT_COLUMNS) ? undefined : record;
}

/**
 * A message body, or a row of one, that does not hold a contact: it is dead-lettered with this
 * message.
 */
export class UndecodableError extends Error {
  override name = 'UndecodableError';
}

/** A row as JSON: `{"name":"…","email":"…"}`. */
export function toJson(columns: readonly string[], values: Values): string {
  const members = columns.map(
    (column, index) => `${JSON.stringify(column)}:${JSON.stringify(values[index] ?? null)}`,
  );
  return `{${members.join(',')}}`;
}

/**
 * The rows of a JSON body, each still to be looked at with `decodeContact`: the elements of a
 * JSON array, or the one value that the body is.
 *
 * @throws UndecodableError when the body is not UTF-8, not JSON, or an empty array.
 */
export function decodeBody(body: Buffer): unknown {
  if (!isUtf8(body)) throw new UndecodableError('the body is not UTF-8');
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch (error) {
    throw new UndecodableError(`the body is not JSON: ${messageOf(error)}`);
  }
  if (Array.isArray(value) && value.length === 0) {
    throw new UndecodableError('the body is an empty array');
  }
  return value;
}

/**
 * The contact that a row of a message is. It may have other members, which are ignored; the values
 * are not checked against the rules of a contact, because what another producer sent is for the
 * database to accept or refuse. It would not refuse half a surrogate pair, though: that becomes
 * U+FFFD on the way.
 *
 * @throws UndecodableError when the row is no object, lacks a `name` or `email` string, or has half
 * a surrogate pair in one.
 */
export function decodeContact(row: unknown): Contact {
  if (!isContact(row)) throw new UndecodableError(whyNoContact(row));
  if (row.name.isWellFormed() && row.email.isWellFormed()) return row;
  const member = row.name.isWellFormed() ? 'email' : 'name';
  throw new UndecodableError(`the ${member} contains half a surrogate pair, which is no character`);
}

function whyNoContact(row: unknown): string {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    return 'the row is not a JSON object';
  }
  const missing = 'name' in row && typeof row.name === 'string' ? 'email' : 'name';
  return `the row has no "${missing}" string`;
}

function isContact(row: unknown): row is Contact {
  return (
    typeof row === 'object' &&
    row !== null &&
    'name' in row &&
    typeof row.name === 'string' &&
    'email' in row &&
    typeof row.email === 'string'
  );
}
