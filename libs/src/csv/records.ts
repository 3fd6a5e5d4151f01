/** The values of a row, in the order of its columns; `null` is SQL's NULL. */
export type Values = readonly (string | null)[];

/**
 * Rows as canonical CSV: UTF-8, commas, a line feed behind every row, and quotes (RFC 4180) only
 * where a field would be another one without. An empty field is NULL, and `""` the empty string, as
 * COPY has it.
 */
export interface CsvRows {
  bytes: Buffer;
  /** Offsets behind each row and its line feed; the last one is the number of bytes. */
  ends: readonly number[];
}

/** Writes rows as canonical CSV. A row of one column that is NULL would be a blank line, which is none. */
export function toCsv(rows: readonly Values[]): CsvRows {
  const records = rows.map((values) => `${toRecord(values)}\n`);
  let end = 0;
  const ends = records.map((record) => (end += Buffer.byteLength(record)));
  return { bytes: Buffer.from(records.join('')), ends };
}

/** One row of canonical CSV, without its line feed. */
export function toRecord(values: Values): string {
  return values.map(toField).join(',');
}

function toField(value: string | null): string {
  if (value === null) return '';
  return value === '' || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
