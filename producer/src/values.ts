import { contactProblem, type Problem } from '@csv2db/libs/contact.ts';
import type { Values } from '@csv2db/libs/csv/records.ts';
import { MalformedRow, type Row } from '@csv2db/libs/csv/rows.ts';
import { CONTACT_COLUMNS } from '@csv2db/libs/message.ts';
import type { Layout } from './source/layout.ts';

/** What is made of the fields of a row. */
export interface ValueRules {
  /** Whether a name and a valid email have to be there, as the original has it. */
  checksContacts: boolean;
  /** Whether white space around a field is taken off. */
  isTrimmed: boolean;
  /** What stands for NULL. */
  nullText: string;
}

/** Makes of a row the values that are sent, or says why they are not. */
export type ToValues = (row: Row) => Values | Problem;

/** @param columns names of the columns that are sent. */
export function toValues(
  columns: readonly string[],
  { width, places }: Pick<Layout, 'width' | 'places'>,
  { checksContacts, isTrimmed, nullText }: ValueRules,
): ToValues {
  const [name, email] = CONTACT_COLUMNS.map((column) => columns.indexOf(column));
  const wanted = width === columns.length ? ` (${columns.join(',')})` : '';
  return (row) => {
    if (row instanceof MalformedRow) return { reason: row.reason };
    if (row.length !== width) {
      const fields = `${row.length} ${row.length === 1 ? 'field' : 'fields'}`;
      return { reason: `${fields} instead of ${width}${wanted}` };
    }
    const values = places.map((place) => {
      const field = row[place] ?? '';
      const value = isTrimmed ? field.trim() : field;
      return value === nullText ? null : value;
    });
    const problem = checksContacts
      ? contactProblem(values[name ?? -1] ?? '', values[email ?? -1] ?? '')
      : undefined;
    return problem ?? nulProblem(columns, values) ?? values;
  };
}

/** PostgreSQL can't store NUL in text: here the row has a number and a line. */
function nulProblem(columns: readonly string[], values: Values): Problem | undefined {
  const place = values.findIndex((value) => value?.includes('\0'));
  return place === -1 ? undefined : { reason: `the ${columns[place]} contains a NUL character` };
}

export function isProblem(outcome: Values | Problem): outcome is Problem {
  return 'reason' in outcome;
}
