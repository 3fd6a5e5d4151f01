import { isUtf8 } from 'node:buffer';
import { FatalError } from '@csv2db/libs/errors.ts';
import { HEADERS } from '@csv2db/libs/message.ts';
import { printable } from '@csv2db/libs/visible.ts';
import type { GetMessage } from 'amqplib';
import { DEAD, reasonOf } from './letter.ts';
import type { DeadQueue } from './queue.ts';
import { rowsOf } from './rows.ts';

/** Takes a line of what is printed. */
type Print = (line: string) => Promise<void>;

/** A dead letter, in words. */
interface Description {
  /** Place in the queue, from 1. */
  number: number;
  reason: string;
  sqlstate: string | undefined;
  /** When it was refused, ISO 8601; undefined when RabbitMQ moved it. */
  time: string | undefined;
  /** How often it had been delivered by then; undefined when RabbitMQ moved it. */
  attempts: number | undefined;
  /** Id of the import it came with. */
  import: string | undefined;
  /** Its row in the imported file; of several rows, the first. */
  row: number | undefined;
  /** Number of its rows; undefined when it is one. */
  rows: number | undefined;
  /** The values of its columns, where it is one row. */
  values: Record<string, string | null> | undefined;
  name: string | undefined;
  email: string | undefined;
  body: string | undefined;
  /** The body when it is not UTF-8; otherwise undefined. */
  bodyBase64: string | undefined;
}

/** Prints a line for each letter, and their number; as JSON, everything that is known of each. */
export async function list(
  dead: DeadQueue,
  letters: AsyncIterable<GetMessage>,
  json: boolean,
  print: Print,
): Promise<void> {
  let number = 0;
  for await (const message of letters) {
    const letter = describe(message, ++number);
    const { time = '', reason } = letter;
    const line = json ? JSON.stringify(letter) : [number, time, reason, excerpt(letter)].join('\t');
    await print(printable(line));
  }
  if (!json) await print(`${number} dead letters in "${dead.name}"`);
}

/**
 * Prints one letter with its headers, as JSON.
 *
 * @throws FatalError when there is none of that number.
 */
export async function show(
  dead: DeadQueue,
  letters: AsyncIterable<GetMessage>,
  number: number,
  print: Print,
): Promise<void> {
  let reached = 0;
  if (number <= dead.count) {
    for await (const message of letters) {
      if (++reached < number) continue;
      const { headers } = message.properties;
      await print(printable(JSON.stringify({ ...describe(message, number), headers }, null, 2)));
      return;
    }
  }
  throw new FatalError(`there is no dead letter ${number}: "${dead.name}" holds ${dead.count}`);
}

function describe(message: GetMessage, number: number): Description {
  const { content, properties } = message;
  const headers: Record<string, unknown> = properties.headers ?? {};
  const text = (header: string): string | undefined =>
    typeof headers[header] === 'string' ? headers[header] : undefined;
  const integer = (header: string): number | undefined =>
    typeof headers[header] === 'number' ? headers[header] : undefined;
  const rows = rowsOf(message);
  const only = rows.length === 1 ? rows[0] : undefined;
  const isText = isUtf8(content);
  return {
    number,
    reason: reasonOf(message),
    sqlstate: text(DEAD.sqlstate),
    time: text(DEAD.time),
    attempts: integer(DEAD.attempts),
    import: text(HEADERS.import),
    row: integer(HEADERS.row),
    rows: integer(HEADERS.rows),
    values: only && Object.fromEntries(only),
    name: only?.get('name') ?? undefined,
    email: only?.get('email') ?? undefined,
    body: isText ? content.toString() : undefined,
    bodyBase64: isText ? undefined : content.toString('base64'),
  };
}

/** What a letter is about, on one line: the email, or the beginning of a body that has none. */
function excerpt({ email, body, bodyBase64 = '' }: Description): string {
  const text = email ?? body;
  if (text === undefined) return `${Buffer.byteLength(bodyBase64, 'base64')} bytes, not UTF-8`;
  const quoted = JSON.stringify(text.slice(0, 80));
  return quoted.length > 80 ? `${quoted.slice(0, 79)}…` : quoted;
}
