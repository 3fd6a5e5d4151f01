import pg from 'pg';
import { codeOf } from '@csv2db/libs/errors.ts';
import type { Row } from '../batch.ts';
import { verdictOn } from './sqlstate.ts';

const COPY = 'COPY contacts (name, email) FROM STDIN';

/** Characters in a part of the data: pg copies what it sends, and small copies are soon let go. */
const PART = 32 * 1024;

/**
 * Rows as COPY takes them, in the text format:
 * https://www.postgresql.org/docs/current/sql-copy.html, "File Formats"
 */
export function copyData(rows: readonly Row[]): Buffer[] {
  const parts: Buffer[] = [];
  let text = '';
  for (const { contact } of rows) {
    text += `${escape(contact.name)}\t${escape(contact.email)}\n`;
    if (text.length < PART) continue;
    parts.push(Buffer.from(text));
    text = '';
  }
  if (text !== '') parts.push(Buffer.from(text));
  return parts;
}

/**
 * Copies rows into the table, all or none; they have committed when this resolves to true.
 *
 * @returns false when the database refuses a row, because its email is there already or for another
 * fault of its values: then none is stored, and the connection can be used further.
 * @throws the error of pg when the fault is not in the rows: then nothing may be acknowledged.
 */
export async function copy(client: pg.PoolClient, data: readonly Buffer[]): Promise<boolean> {
  if (data.length === 0) return true;
  try {
    await new Promise<void>((resolve, reject) => {
      const done = (error: unknown): void => (error instanceof Error ? reject(error) : resolve());
      client.query(new CopyQuery(data, done));
    });
    return true;
  } catch (error) {
    // a table with row-level security takes no COPY: feature_not_supported
    if (verdictOn(error) === 'row' || codeOf(error) === '0A000') return false;
    throw error;
  }
}

/**
 * A COPY whose data is at hand. The streams of pg-copy-streams would do it too, but count on no error of the
 * server while data is still on its way.
 */
class CopyQuery extends pg.Query {
  readonly #data: readonly Buffer[];

  constructor(data: readonly Buffer[], callback: (error: Error | undefined) => void) {
    super(COPY, callback);
    this.#data = data;
  }

  /** Called by pg when the server is ready for the data. */
  handleCopyInResponse(connection: pg.Connection): void {
    for (const part of this.#data) connection.sendCopyFromChunk(part);
    connection.endCopyFrom();
  }
}

const ESCAPES: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

function escape(value: string): string {
  if (!/[\\\t\n\r]/.test(value)) return value;
  return value.replaceAll(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? character);
}
