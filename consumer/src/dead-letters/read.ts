import { isUtf8 } from 'node:buffer';
import { FatalError } from '@csv2db/libs/errors.ts';
import { HEADERS } from '@csv2db/libs/message.ts';
import { printable } from '@csv2db/libs/visible.ts';
import type { GetMessage } from 'amqplib';
import { shortIds } from '../status/short-ids.ts';
import { DEAD, reasonOf } from './letter.ts';
import { type Entry, inOrder } from './order.ts';
import type { DeadQueue } from './queue.ts';
import { formatReference, isMeant, type Reference, referenceOf } from './reference.ts';
import { rowsOf } from './rows.ts';

/** Takes a line of what is printed. */
type Print = (line: string) => Promise<void>;

/** Letters that are held until it is known that no id is wholly what was asked for. */
const MOST_OTHERS = 100;

/** A dead letter, in words. */
interface Description {
  /** What it is called, whole. */
  ref: string;
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

/**
 * Prints a line for each letter, in order, and their number; as JSON, everything that is known of each.
 *
 * @param signal ends it without a number.
 */
export async function list(
  dead: DeadQueue,
  letters: AsyncIterable<GetMessage>,
  json: boolean,
  print: Print,
  signal: AbortSignal,
): Promise<void> {
  let count = 0;
  for await (const entries of inOrder(entriesOf(letters, json))) {
    const short = shortIds([...new Set(entries.map(({ reference }) => reference.id))]);
    for (const { reference, text } of entries) {
      if (signal.aborted) return;
      await print(json ? text : `${formatReference(reference, short.get(reference.id))}\t${text}`);
    }
    count += entries.length;
  }
  if (!json) await print(`${count} dead letters in "${dead.name}"`);
}

async function* entriesOf(
  letters: AsyncIterable<GetMessage>,
  json: boolean,
): AsyncGenerator<Entry, void> {
  for await (const message of letters) {
    const reference = referenceOf(message);
    const letter = describe(message, reference);
    const { time = '', reason } = letter;
    const text = json ? JSON.stringify(letter) : [time, reason, excerpt(letter)].join('\t');
    yield { time, reference, text: printable(text) };
  }
}

/**
 * Prints a letter with its headers, as JSON; of several that are meant, each. Whole ids go before
 * beginnings.
 *
 * @throws FatalError when there is none.
 */
export async function show(
  dead: DeadQueue,
  letters: AsyncIterable<GetMessage>,
  wanted: Reference,
  print: Print,
  signal: AbortSignal,
): Promise<void> {
  const shown = (message: GetMessage, reference: Reference): string => {
    const { headers } = message.properties;
    return printable(JSON.stringify({ ...describe(message, reference), headers }, null, 2));
  };
  let isFound = false;
  const others: [GetMessage, Reference][] = [];
  for await (const message of letters) {
    const reference = referenceOf(message);
    if (!isMeant(reference, wanted)) continue;
    if (reference.id === wanted.id) {
      isFound = true;
      await print(shown(message, reference));
    } else if (others.length < MOST_OTHERS) {
      others.push([message, reference]);
    }
  }
  if (isFound || signal.aborted) return;
  for (const other of others) await print(shown(...other));
  if (others.length > 0) return;
  const [name, where] = [formatReference(wanted), `"${dead.name}" holds ${dead.count}`];
  throw new FatalError(`there is no dead letter ${name}: ${where}, see "consumer dead list"`);
}

function describe(message: GetMessage, reference: Reference): Description {
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
    ref: formatReference(reference),
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
