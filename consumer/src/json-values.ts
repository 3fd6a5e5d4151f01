import type { Values } from '@csv2db/libs/csv/records.ts';
import { decodeContact, UndecodableError } from '@csv2db/libs/message.ts';
import type { Column } from './database/facts.ts';
import type { Layout } from './database/layout.ts';
import type { Table } from './database/table.ts';

/** A row of JSON as it goes into a table. */
export interface JsonRow {
  layout: Layout;
  values: Values;
}

/**
 * The values of a row of JSON.
 *
 * A string is the text of its value, null is NULL. Numbers, booleans, objects and arrays are their JSON
 * text, for columns that are not of text: there, as in the original, only strings will do.
 *
 * @param named the columns that its message names; undefined where the row's members are the
 * columns. Then members that the table lacks are ignored; and a row for the original's table must
 * have a name and an email.
 * @throws UndecodableError when it does not make a row of the table.
 */
export function jsonRow(row: unknown, named: Layout | undefined, table: Table): JsonRow {
  if (named === undefined && table.isContacts) {
    const { name, email } = decodeContact(row);
    return { layout: table.layoutOf(['name', 'email']), values: [name, email] };
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    throw new UndecodableError('the row is not a JSON object');
  }
  const members = new Map<string, unknown>(Object.entries(row));
  const layout = named ?? table.layoutOf(membersIn(table, members));
  return { layout, values: layout.columns.map((column) => toText(column, members)) };
}

function membersIn(table: Table, members: ReadonlyMap<string, unknown>): string[] {
  const names = table.columnsAmong(new Set(members.keys()));
  if (names.length > 0) return names;
  throw new UndecodableError(`the row has no member that is a column of ${table.description}`);
}

function toText({ name, isText }: Column, members: ReadonlyMap<string, unknown>): string | null {
  const value = members.get(name);
  if (value === null) return null;
  if (typeof value === 'string') {
    if (value.isWellFormed()) return value;
    throw new UndecodableError(`the ${name} contains half a surrogate pair, which is no character`);
  }
  if (value === undefined) throw new UndecodableError(`the row has no member "${name}"`);
  if (isText) throw new UndecodableError(`the row has no "${name}" string`);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new UndecodableError(
      `the ${name} is a number beyond 2^53, of which JSON keeps not every digit: send it as a string`,
    );
  }
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) throw new UndecodableError(`the ${name} is nested too deep`);
    throw error;
  }
}
