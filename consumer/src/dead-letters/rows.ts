import { parseColumns } from '@csv2db/libs/columns.ts';
import { MalformedRow, parseRows } from '@csv2db/libs/csv/rows.ts';
import { decodeBody, HEADERS, isCsv, UndecodableError } from '@csv2db/libs/message.ts';
import type { Message } from 'amqplib';

/** The values of a row by the names of its columns; NULL is `null`. */
export type NamedValues = ReadonlyMap<string, string | null>;

/**
 * What a letter holds, as far as it can be read: the values, or undefined, for each row; one undefined
 * when its body can't be read.
 */
export function rowsOf({ content, properties }: Message): (NamedValues | undefined)[] {
  const headers: Record<string, unknown> = properties.headers ?? {};
  if (!isCsv(properties.contentType)) {
    const body = readable(() => decodeBody(content));
    const rows: unknown[] = Array.isArray(body) ? body : [body];
    return rows.map(ofJson);
  }
  const columns = readable(() => parseColumns(headers[HEADERS.columns]));
  const { rows } = parseRows(content, true, Infinity, { emptyIsNull: true });
  if (!columns || rows.length === 0) return [undefined];
  return rows.map((row) =>
    row instanceof MalformedRow || row.length !== columns.length
      ? undefined
      : new Map(columns.map((column, place) => [column, row[place] ?? null])),
  );
}

function ofJson(row: unknown): NamedValues | undefined {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return undefined;
  return readable(
    () => new Map(Object.entries(row).map(([name, value]) => [name, toText(value)] as const)),
  );
}

function toText(value: unknown): string | null {
  if (value === null) return null;
  if (typeof value !== 'string') return JSON.stringify(value);
  if (value.isWellFormed()) return value;
  throw new UndecodableError('half a surrogate pair is no character');
}

function readable<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    // nested too deep to be written
    if (error instanceof UndecodableError || error instanceof RangeError) return undefined;
    throw error;
  }
}
