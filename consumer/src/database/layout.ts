import pg from 'pg';
import type { Column, Facts } from './facts.ts';
import { type Key, keyOf } from './key.ts';
import { type Trial, trialOf } from './trial.ts';

/** How rows of some columns get into the table, and how they are counted there. */
export interface Layout {
  columns: readonly Column[];
  /** Whether an empty field of CSV is NULL; for contacts, as in the original, it is empty. */
  emptyIsNull: boolean;
  /** Whether a row can be a duplicate, by some unique constraint. */
  mayConflict: boolean;
  /** The places of the columns that tell duplicates, from 0; empty for whole rows. */
  key: readonly number[];
  /**
   * Copies rows, all or none; undefined where that can't be done: into a view, and under row-level
   * security.
   */
  copy: Copy | undefined;
  /** Inserts the rows that are new; its parameters are an array of texts for each column. */
  insert: string;
  /**
   * Finds out which rows of the same parameters that refuses, and stores none; undefined where this user
   * may not run PL/pgSQL.
   */
  trial: Trial | undefined;
  /** Reads the values of the same parameters, and stores none. */
  read: string;
  /** Finds out which rows of the same parameters that refuses; undefined as `trial` is. */
  readTrial: Trial | undefined;
  /**
   * The same, of plain lines in one text; undefined where rows may be left out, of which one has to
   * tell which they are.
   */
  insertLines: string | undefined;
  /** Whether the database may leave rows out, without an error. */
  mayLeaveOut: boolean;
  /**
   * Finds the places, from 0, of the rows whose keys, an array of texts for each column of the key,
   * are not in the table; undefined where nothing can tell, or need be told.
   */
  absent: string | undefined;
}

/** Statements of one transaction. */
export interface Copy {
  /** Takes lines of CSV as they are. */
  lines: string;
  /** Takes rows with COPY's escapes. */
  rows: string;
}

/** @param columns of the table, in the order of the rows. */
export function layoutOf(facts: Facts, columns: readonly Column[], isContacts: boolean): Layout {
  const { name: table, kind, hasRowSecurity } = facts;
  const names = columns.map(({ name }) => name);
  const identifiers = names.map((name) => pg.escapeIdentifier(name)).join(', ');
  const key: Key =
    isContacts && names.includes('email')
      ? { mayConflict: true, target: ['email'], columns: ['email'] }
      : keyOf(facts, names);
  const values = (toText: (place: number) => string): string =>
    columns.map((column, place) => toValue(column, toText(place + 1))).join(', ');
  const into = `INSERT INTO ${table} (${identifiers})`;
  const onConflict = onConflictOf(key);
  const isView = kind === 'v';
  const mayLeaveOut = isView || facts.hasTrigger;
  const isCopied = !isView && !hasRowSecurity;
  const copyFrom = (nulls: string): string =>
    `COPY ${table} (${identifiers}) FROM STDIN (DELIMITER ',', NULL '${nulls}')`;
  const readFrom = (arrays: readonly string[]): string =>
    `SELECT ${values((number) => `v${number}`)} FROM ${sent(arrays)}`;
  const insertFrom = (arrays: readonly string[]): string =>
    `${into} ${readFrom(arrays)} ${onConflict}`;
  const parameters = parametersOf(columns.length);
  const emptyIsNull = !isContacts;
  return {
    columns,
    emptyIsNull,
    mayConflict: key.mayConflict,
    key: key.columns.map((name) => names.indexOf(name)),
    copy: isCopied
      ? {
          lines: copyFrom(emptyIsNull ? '' : '\\N'),
          rows: copyFrom('\\N'),
        }
      : undefined,
    insert: insertFrom(parameters),
    trial: facts.hasPlpgsql ? trialOf(columns.length, insertFrom) : undefined,
    read: readFrom(parameters),
    readTrial: facts.hasPlpgsql
      ? trialOf(columns.length, (arrays) => `PERFORM * FROM (${readFrom(arrays)} OFFSET 0) AS read`)
      : undefined,
    // without OFFSET, the planner would have each line cut for every column
    insertLines: mayLeaveOut
      ? undefined
      : `${into} SELECT ${values((number) => `field[${number}]`)}
        FROM (SELECT string_to_array(line, ','${emptyIsNull ? ", ''" : ''}) AS field
          FROM unnest(string_to_array($1::text, E'\\n')) AS line OFFSET 0) AS lines
        ${onConflict}`,
    mayLeaveOut,
    absent: mayLeaveOut && key.columns.length > 0 ? absent(facts, key) : undefined,
  };
}

function onConflictOf({ mayConflict, target }: Key): string {
  if (!mayConflict) return '';
  const columns = target?.map((name) => pg.escapeIdentifier(name)).join(', ');
  return `ON CONFLICT ${columns === undefined ? '' : `(${columns})`} DO NOTHING`;
}

/** Parameters of a statement that are arrays of texts. */
function parametersOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `$${index + 1}::text[]`);
}

/**
 * Arrays of texts as rows of `v1`, `v2` and so on.
 *
 * @param place the name of a column with their places, from 1.
 */
function sent(arrays: readonly string[], place?: string): string {
  const names = arrays.map((_, index) => `v${index + 1}`).join(', ');
  return place === undefined
    ? `unnest(${arrays.join(', ')}) AS sent (${names})`
    : `unnest(${arrays.join(', ')}) WITH ORDINALITY AS sent (${names}, ${place})`;
}

/**
 * The value of a text in a column. A cast to a length, or to a domain that has one, would cut what
 * the assignment refuses. Where a cast reads it otherwise, JSON is the way to what COPY reads with: the
 * input function of the type, with what it is declared with.
 */
function toValue({ type, declared, isCastOtherwise }: Column, text: string): string {
  if (!isCastOtherwise) return `${text}::${type}`;
  return `(SELECT v FROM json_to_record(json_build_object('v', ${text})) AS input (v ${declared}))`;
}

function absent({ name: table, columns }: Facts, key: Key): string {
  const own = key.columns.flatMap((name) => columns.filter((column) => column.name === name));
  const isSame = own.map(
    (column, place) =>
      `kept.${pg.escapeIdentifier(column.name)} = ${toValue(column, `v${place + 1}`)}`,
  );
  // a row without a value there is no duplicate of any
  const hasKey = key.columns.map((_, place) => `v${place + 1} IS NOT NULL`);
  return `SELECT (place - 1)::int AS place FROM ${sent(parametersOf(key.columns.length), 'place')}
    WHERE ${hasKey.join(' AND ')}
      AND NOT EXISTS (SELECT FROM ${table} AS kept WHERE ${isSame.join(' AND ')})`;
}
