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
  const names = typeof header === 'string' ? namesIn(header) : NO_RECORD;
  if (typeof names !== 'string') return names;
  throw new UndecodableError(`the header ${HEADERS.columns} ${names}`);
}

const NO_RECORD = 'is not one record of CSV';

/** The names in a record of CSV, such as `name,"e mail"`, or what is wrong with it. */
export function namesIn(record: string): readonly string[] | string {
  const { rows } = parseRows(Buffer.from(record), true, Infinity);
  const [row] = rows;
  if (!row || row instanceof MalformedRow || rows.length > 1) return NO_RECORD;
  const names = row.map((name) => name ?? '');
  const twice = names.find((name, place) => names.indexOf(name) < place);
  if (names.includes('')) return 'has a column without a name';
  return twice === undefined ? names : `names "${twice}" twice`;
}
