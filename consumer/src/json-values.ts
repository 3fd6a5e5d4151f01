import type { Values } from '@csv2db/libs/csv/records.ts';
import { decodeContact, UndecodableError } from '@csv2db/libs/message.ts';
import type { Column } from './database/facts.ts';
import type { Layout } from './database/layout.ts';
import { ColumnsError, type Table } from './database/table.ts';

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
 * columns. A row for the original's table must have a name and an email, and other members are
 * ignored.
 * @throws UndecodableError when it does not make a row of the table.
 */
export function jsonRow(row: unknown, named: Layout | undefined, table: Table): JsonRow {
  if (table.isContacts) {
    const { name, email } = decodeContact(row);
    if (!named) return { layout: table.layoutOf(['name', 'email']), values: [name, email] };
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
  if (names.length > 0 && names.length === members.size) return names;
  const [other] = [...members.keys()].filter((name) => !names.includes(name));
  if (other === undefined) throw new UndecodableError('the row has no members');
  throw new ColumnsError(
    `the row has a member "${other}", and the table no such column: ${table.description}`,
  );
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
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) throw new UndecodableError(`the ${name} is nested too deep`);
    throw error;
  }
}

/** Strings, which are passed over, and numbers of a JSON text. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** The first number of a JSON text that JavaScript does not hold with all its digits. */
export function inexactNumber(json: string): string | undefined {
  for (const [token] of json.matchAll(TOKENS)) {
    if (!token.startsWith('"') && !isExact(token)) return token;
  }
  return undefined;
}

/** A double holds 15 decimal digits, and whole numbers up to 2^53. */
function isExact(token: string): boolean {
  const value = Number(token);
  if (/^-?\d+$/.test(token)) return Number.isSafeInteger(value);
  const [digits = ''] = token.replace(/[-.]/g, '').replace(/^0+/, '').split(/e/i);
  return digits.length <= 15 && Number.isFinite(value) && (value !== 0 || digits === '');
}
