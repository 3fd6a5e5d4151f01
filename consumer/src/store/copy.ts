import { countLines } from '@csv2db/libs/csv/bounds.ts';
import pg from 'pg';
import type { Row } from '../batch.ts';
import type { Copy } from '../database/layout.ts';

/** Characters in a part of the data: pg copies what it sends, and small copies are soon let go. */
const PART = 32 * 1024;

/** Rows as COPY takes them, each either in the one form or the other. */
export interface CopyInput {
  /** Plain lines of CSV. */
  lines: readonly Buffer[];
  /** Rows with COPY's escapes. */
  rows: readonly Buffer[];
}

/** Plain lines, for COPY. */
export function copyLines(lines: readonly Buffer[]): CopyInput {
  return { lines, rows: [] };
}

/**
 * Rows that may have anything in them, for COPY. In its text format with a comma as the delimiter:
 * https://www.postgresql.org/docs/current/sql-copy.html, "File Formats"
 */
export function copyRows(rows: readonly Pick<Row, 'values'>[]): CopyInput {
  const parts: Buffer[] = [];
  let text = '';
  for (const { values } of rows) {
    text += `${values.map(escape).join(',')}\n`;
    if (text.length < PART) continue;
    parts.push(Buffer.from(text));
    text = '';
  }
  if (text !== '') parts.push(Buffer.from(text));
  return { lines: [], rows: parts };
}

/** How many rows COPY is given. */
export function rowsIn({ lines, rows }: CopyInput): number {
  return [...lines, ...rows].reduce((sum, part) => sum + countLines(part), 0);
}

/**
 * Copies rows into the table, all or none, as part of a transaction.
 *
 * @returns how many the database stored: triggers may leave some out.
 * @throws the error of pg; when it is not one of the connection, that can be used further.
 */
export async function copy(
  client: pg.ClientBase,
  statements: Copy,
  { lines, rows }: CopyInput,
): Promise<number> {
  const copies = [
    { text: statements.lines, data: lines },
    { text: statements.rows, data: rows },
  ].filter(({ data }) => data.length > 0);
  const text = copies.map((one) => one.text).join('; ');
  const data = copies.map((one) => one.data);
  return await new Promise((resolve, reject) => {
    const query = new CopyQuery(text, data, (error: unknown) => {
      if (error instanceof Error) reject(error);
      else resolve(query.copied);
    });
    client.query(query);
  });
}

/**
 * COPYs whose data is at hand. The streams of pg-copy-streams would do it too, but count on no
 * error of the server while data is still on its way.
 */
class CopyQuery extends pg.Query {
  /** Rows that the database says that it copied. */
  copied = 0;
  /** The data of each COPY that is still to come. */
  readonly #data: (readonly Buffer[])[];

  constructor(
    text: string,
    data: readonly (readonly Buffer[])[],
    callback: (error: Error | undefined) => void,
  ) {
    super(text, callback);
    this.#data = [...data];
  }

  /** Called by pg when the server is ready for the data of the next COPY. */
  handleCopyInResponse(connection: pg.Connection): void {
    for (const part of this.#data.shift() ?? []) connection.sendCopyFromChunk(part);
    connection.endCopyFrom();
  }

  /** Called by pg at the end of each statement, with its command tag. */
  handleCommandComplete({ text }: { text: string }): void {
    const [, count] = /^COPY (\d+)$/.exec(text) ?? [];
    if (count !== undefined) this.copied += Number(count);
  }
}

const ESCAPES: Record<string, string> = { '\\': '\\\\', ',': '\\,', '\n': '\\n', '\r': '\\r' };

function escape(value: string | null): string {
  if (value === null) return '\\N';
  if (!/[\\,\n\r]/.test(value)) return value;
  return value.replaceAll(/[\\,\n\r]/g, (character) => ESCAPES[character] ?? character);
}
