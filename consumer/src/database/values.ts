import { InvalidArgumentError } from '@commander-js/extra-typings';
import { namesIn } from '@csv2db/libs/columns.ts';
import { duration } from '@csv2db/libs/options/values.ts';

/** The longest name in PostgreSQL, in bytes; it would cut a longer one short. */
const MOST_BYTES = 63;
const [SHORTEST, LONGEST] = [1_000, 24 * 3_600_000];

/** The name of a database or a user. Spaces around it, or what can't be seen, are never meant. */
export function databaseName(value: string): string {
  const bytes = Buffer.byteLength(value);
  if (bytes === 0) throw new InvalidArgumentError('It must not be empty.');
  if (bytes > MOST_BYTES) throw new InvalidArgumentError('It must be 63 bytes long at most.');
  if (value !== value.trim() || /\p{Cc}/u.test(value)) {
    throw new InvalidArgumentError(
      'It must not have control characters in it, nor spaces around it.',
    );
  }
  return value;
}

/** One part of a name: an identifier that is folded to lower case, or one in quotes. */
const IDENTIFIER = String.raw`(?:[a-z_\u0080-\uffff][\w$\u0080-\uffff]*|"(?:[^"]|"")+")`;
const TABLE_NAME = new RegExp(`^(?:${IDENTIFIER}\\.)?${IDENTIFIER}$`, 'i');

/** The name of a table as PostgreSQL reads it, with its schema or without. */
export function tableName(value: string): string {
  if (TABLE_NAME.test(value)) return value;
  throw new InvalidArgumentError(
    `It must be [SCHEMA.]TABLE as in SQL: with spaces, capitals or other characters in double quotes, as '"My Table"'.`,
  );
}

/** Names of columns, as a record of CSV. */
export function columns(value: string): readonly string[] {
  const names = namesIn(value);
  if (typeof names !== 'string') return names;
  throw new InvalidArgumentError(`It ${names}.`);
}

/** How long a statement may take, in milliseconds. */
export function statementTimeout(value: string): number {
  const milliseconds = duration(value);
  if (milliseconds >= SHORTEST && milliseconds <= LONGEST) return Math.round(milliseconds);
  throw new InvalidArgumentError('It must be from 1s to 24h.');
}
