import { CONTENT_TYPE, HEADERS, isCsv } from '@csv2db/libs/message.ts';
import type { DurableProperties, Outgoing } from '@csv2db/libs/queue/confirm.ts';
import type { Message } from 'amqplib';
import type { Delivery, Refusal } from '../batch.ts';

/** The headers of a dead letter, beside those of the message it was. */
export const DEAD = {
  /** Why it could not be stored, in words. */
  reason: 'x-csv2db-reason',
  /** SQLSTATE of the database that refused it; absent when it could not be decoded. */
  sqlstate: 'x-csv2db-sqlstate',
  /** When it was refused: ISO 8601, UTC. */
  time: 'x-csv2db-time',
  /** How often it had been delivered by then. */
  attempts: 'x-csv2db-attempts',
} as const;

/**
 * How often a quorum queue has delivered a message in vain; a look at a dead letter counts, too.
 */
export const DELIVERY_COUNT = 'x-delivery-count';

/**
 * Headers that RabbitMQ counts in, or obeys: with CC it would route a letter to other queues, too.
 */
const OBEYED = /^(CC|BCC|x-delivery-count|x-acquired-count)$/;

/**
 * Headers that RabbitMQ sets when it moves a message to another queue. With old ones it may take a
 * letter for one that goes round in circles, and drop it:
 * https://www.rabbitmq.com/docs/dlx#automatic-dead-lettering-cycles
 */
const OF_A_MOVE = /^x-(death|(first|last)-death-\w+)$/;

/** Headers that say something about all the rows of a message. */
const OF_A_MESSAGE = [HEADERS.rows, HEADERS.rejectedBefore, HEADERS.rejectedAfter] as const;

/** Longest reason, in characters: one may quote what a table's owner raises, or a value. */
const LONGEST_REASON = 1_000;

/** What is in the dead-letter queue already: rows that are letters of their own, and messages. */
export type Buried = Set<Refusal | Delivery>;

/** A refused message, or a row of it, on its way to the dead-letter queue. */
export interface Letter extends Outgoing {
  refusal: Refusal;
  /** What it is known by once it is buried. */
  key: Refusal | Delivery;
}

/**
 * A letter for each refusal that is not buried. A row that is nested too deep to be written as a
 * message of its own stays in its message, which is one letter then.
 */
export function* toLetters(
  refusals: readonly Refusal[],
  buried: ReadonlySet<Refusal | Delivery>,
): Generator<Letter, void> {
  const whole = new Set<Delivery>();
  for (const refusal of refusals) {
    if (buried.has(refusal)) continue;
    const { delivery, part, reason } = refusal;
    const body = part ? encodeRow(part.value) : delivery.content;
    if (body) {
      yield toLetter(refusal, body);
    } else if (part && !whole.has(delivery) && !buried.has(delivery)) {
      whole.add(delivery);
      const note = `${reason} (row ${part.index + 1} of the message, which is nested too deep)`;
      const ofMessage = { ...refusal, part: undefined, reason: note };
      yield { ...toLetter(ofMessage, delivery.content), key: delivery };
    }
  }
}

/**
 * The letter as it is most easily taken: with no header or property but those that say what
 * happened.
 */
export function toBareLetter({ refusal, key, body }: Letter, why: string): Letter {
  const { import: importId, row, rows, columns } = HEADERS;
  const reason = `${shorten(refusal.reason)} (headers and properties were left out: ${why})`;
  const headers = headersOf({ ...refusal, reason });
  const kept = [importId, row, rows, columns, ...Object.values(DEAD)].flatMap((name) => {
    const value = headers.get(name);
    // without its columns, however many, a row would be one of others
    const isKept = isShort(value) || (name === columns && typeof value === 'string');
    return isKept ? [[name, value] as const] : [];
  });
  const properties = {
    persistent: true,
    mandatory: true,
    // replayed, it is read as what it is
    ...(isCsv(refusal.delivery.properties.contentType) && { contentType: CONTENT_TYPE.csv }),
    headers: Object.fromEntries(kept),
  } as const;
  return { refusal, key, body, properties };
}

/** The message that a dead letter was, to be published again. */
export function toMessage({ content, properties }: Message): Outgoing {
  const headers = new Map<string, unknown>(Object.entries(properties.headers ?? {}));
  for (const name of Object.values(DEAD)) headers.delete(name);
  return { body: content, properties: propertiesOf(properties, withoutMoves(headers)) };
}

/** A dead letter as it is, to be published again: its deliveries count anew. */
export function toSameLetter({ content, properties }: Message): Outgoing {
  const headers = Object.entries(properties.headers ?? {});
  return { body: content, properties: propertiesOf(properties, headers) };
}

/**
 * Why a message is a dead letter: as the consumer says, or RabbitMQ, if it was the one to move it.
 */
export function reasonOf({ properties }: Message): string {
  const headers: Record<string, unknown> = properties.headers ?? {};
  const reason = headers[DEAD.reason];
  if (typeof reason === 'string') return reason;
  return BROKERS_REASONS.get(headers['x-first-death-reason']) ?? 'unknown';
}

/** https://www.rabbitmq.com/docs/dlx#what-is */
const BROKERS_REASONS = new Map<unknown, string>([
  ['delivery_limit', 'delivered too often without an acknowledgement'],
  ['expired', 'it waited in the queue for longer than its time to live (TTL)'],
  ['maxlen', 'the queue was longer than its length limit'],
  ['rejected', 'rejected by a consumer, whose log may say why'],
]);

function toLetter(refusal: Refusal, body: Buffer): Letter {
  const { properties } = refusal.delivery;
  const headers = withoutMoves(headersOf(refusal));
  return { refusal, key: refusal, body, properties: propertiesOf(properties, headers) };
}

/** The headers of the original message, and why and when it was refused. */
function headersOf({ delivery, part, reason, sqlstate }: Refusal): Map<string, unknown> {
  const headers = new Map<string, unknown>(Object.entries(delivery.properties.headers ?? {}));
  const [failedBefore, firstRow] = [headers.get(DELIVERY_COUNT), headers.get(HEADERS.row)];
  if (part) for (const name of OF_A_MESSAGE) headers.delete(name);
  if (part && typeof firstRow === 'number') headers.set(HEADERS.row, firstRow + part.index);
  headers.set(DEAD.reason, shorten(reason));
  headers.delete(DEAD.sqlstate);
  if (sqlstate !== undefined) headers.set(DEAD.sqlstate, sqlstate);
  headers.set(DEAD.time, new Date().toISOString());
  headers.set(DEAD.attempts, 1 + (typeof failedBefore === 'number' ? failedBefore : 0));
  return headers;
}

function withoutMoves(headers: ReadonlyMap<string, unknown>): [string, unknown][] {
  return [...headers].filter(([name]) => !OF_A_MOVE.test(name));
}

function propertiesOf(
  properties: Message['properties'],
  headers: readonly [string, unknown][],
): DurableProperties {
  const kept = headers.filter(([name]) => !OBEYED.test(name));
  const options: DurableProperties = {
    ...properties,
    persistent: true,
    mandatory: true,
    headers: Object.fromEntries(kept),
  };
  // the broker would refuse a message in another user's name, and throw an expired one away
  delete options.userId;
  delete options.expiration;
  return options;
}

/**
 * A row as a message of its own, of the type of the message it was in; undefined when it is nested
 * too deep for JSON.stringify.
 */
function encodeRow(value: unknown): Buffer | undefined {
  if (Buffer.isBuffer(value)) return value;
  try {
    return Buffer.from(JSON.stringify(value));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function shorten(reason: string): string {
  return reason.length > LONGEST_REASON ? `${reason.slice(0, LONGEST_REASON - 1)}…` : reason;
}

function isShort(value: unknown): boolean {
  return (
    typeof value === 'number' || (typeof value === 'string' && value.length < 2 * LONGEST_REASON)
  );
}
