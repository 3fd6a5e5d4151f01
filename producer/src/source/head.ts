import { countLines, findRows } from '@csv2db/libs/csv/bounds.ts';
import type { Dialect } from '@csv2db/libs/csv/dialect.ts';
import { MalformedRow, parseRows } from '@csv2db/libs/csv/rows.ts';
import { MAX_ROW } from './rows.ts';

/** The beginning of a file. */
export interface Head {
  /** UTF-8, without a byte order mark. */
  bytes: Buffer;
  /** Whether it is the whole file. */
  isWhole: boolean;
}

/** The first row of a file. */
export interface FirstRow {
  fields: readonly string[];
  /** Bytes and lines of the file in front of the second row. */
  end: { bytes: number; lines: number };
}

/** The first row of a file; undefined when there is none, or none that can be read. */
export function firstRow({ bytes, isWhole }: Head, dialect: Dialect): FirstRow | undefined {
  const { bounds, consumed } = findRows(bytes, isWhole, MAX_ROW, dialect);
  const end = bounds[1]?.start ?? consumed;
  const first = bytes.subarray(0, end);
  const [fields] = fieldsOf({ bytes: first, isWhole: true }, dialect);
  return fields && { fields, end: { bytes: end, lines: countLines(first) } };
}

/** The fields of the first rows; a row that can't be read has none. */
export function fieldsOf({ bytes, isWhole }: Head, dialect: Dialect): string[][] {
  const { rows } = parseRows(bytes, isWhole, MAX_ROW, { dialect });
  return rows.map((row) => (row instanceof MalformedRow ? [] : row.map((field) => field ?? '')));
}

/** Whether there is nothing in it but line breaks. */
export function isBlank({ bytes, isWhole }: Head): boolean {
  return isWhole && !/[^\r\n]/.test(bytes.toString('latin1'));
}
