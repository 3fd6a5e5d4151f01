import { MalformedRow, parseRows } from './csv/rows.ts';
import { CONTACT_COLUMNS, HEADERS, UndecodableError } from './message.ts';

/**
 * The columns that a message names, in the order of its rows.
 *
 * @param header the value of its header `x-csv2db-columns`; undefined for `name,email`.
 * @throws UndecodableError when that is not one record of CSV with a name in each field, each once.
 */
export function parseColumns(header: unknown): readonly string[] {
  if (header === undefined) return CONTACT_COLUMNS;
  const { rows } = parseRows(Buffer.from(typeof header === 'string' ? header : ''), true, Infinity);
  const [row] = rows;
  if (!row || row instanceof MalformedRow || rows.length > 1) {
    throw new UndecodableError(`the header ${HEADERS.columns} is not one record of CSV`);
  }
  const names: string[] = [];
  for (const name of row) {
    if (name === null || name === '') {
      throw new UndecodableError(`the header ${HEADERS.columns} has a column without a name`);
    }
    if (names.includes(name)) {
      throw new UndecodableError(`the header ${HEADERS.columns} names "${name}" twice`);
    }
    names.push(name);
  }
  return names;
}
