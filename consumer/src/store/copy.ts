import pg from 'pg';
import type { Row } from '../batch.ts';
import { limits } from '../database/limits.ts';

/** Characters in a part of the data: pg copies what it sends, and small copies are soon let go. */
const PART = 32 * 1024;

/**
 * Rows as COPY takes them, in the text format with a comma as its delimiter:
 * https://www.postgresql.org/docs/current/sql-copy.html, "File Formats"
 */
export function copyData(rows: readonly Row[]): Buffer[] {
  const parts: Buffer[] = [];
  let text = '';
  for (const { contact } of rows) {
    text += `${escape(contact.name)},${escape(contact.email)}\n`;
    if (text.length < PART) continue;
    parts.push(Buffer.from(text));
    text = '';
  }
  if (text !== '') parts.push(Buffer.from(text));
  return parts;
}

/**
 * Copies rows into the table, all or none; they have committed when this resolves.
 *
 * @param text the statement.
 * @param timeout longest time that the server may work on it, in milliseconds.
 * @returns how many the database stored: triggers may leave some out.
 * @throws the error of pg; when it is not one of the connection, that can be used further.
 */
export async function copy(
  client: pg.PoolClient,
  text: string,
  data: readonly Buffer[],
  timeout: number,
): Promise<number> {
  if (data.length === 0) return 0;
  return await new Promise((resolve, reject) => {
    // what comes in one message is one transaction
    const query = new CopyQuery(`${limits(timeout)}; ${text}`, data, (error: unknown) => {
      if (error instanceof Error) reject(error);
      else resolve(query.copied);
    });
    client.query(query);
  });
}

/**
 * A COPY whose data is at hand. The streams of pg-copy-streams would do it too, but count on no
 * error of the server while data is still on its way.
 */
class CopyQuery extends pg.Query {
  /** Rows that the database says that it copied. */
  copied = 0;
  readonly #data: readonly Buffer[];

  constructor(text: string, data: readonly Buffer[], callback: (error: Error | undefined) => void) {
    super(text, callback);
    this.#data = data;
  }

  /** Called by pg when the server is ready for the data. */
  handleCopyInResponse(connection: pg.Connection): void {
    for (const part of this.#data) connection.sendCopyFromChunk(part);
    connection.endCopyFrom();
  }

  /** Called by pg at the end of each statement, with its command tag. */
  handleCommandComplete({ text }: { text: string }): void {
    const [, count] = /^COPY (\d+)$/.exec(text) ?? [];
    if (count !== undefined) this.copied = Number(count);
  }
}

const ESCAPES: Record<string, string> = { '\\': '\\\\', ',': '\\,', '\n': '\\n', '\r': '\\r' };

function escape(value: string): string {
  if (!/[\\,\n\r]/.test(value)) return value;
  return value.replaceAll(/[\\,\n\r]/g, (character) => ESCAPES[character] ?? character);
}
