import type { Channel, ChannelModel, ConfirmChannel, GetMessage, Options } from 'amqplib';
import type { Contact } from '@csv2db/libs/contact.ts';
import { FatalError, messageOf } from '@csv2db/libs/errors.ts';
import { decodeBody, decodeContact, HEADERS, UndecodableError } from '@csv2db/libs/message.ts';
import type { QueueConfig } from '@csv2db/libs/queue/address.ts';
import { connectToFirst, onChannel } from '@csv2db/libs/queue/connect.ts';
import { DEAD } from './letter.ts';

/** What to do with the dead letters. */
export type DeadTask =
  | { kind: 'list'; json: boolean }
  | { kind: 'show'; number: number }
  | { kind: 'export' }
  | { kind: 'replay'; reason: string | undefined }
  | { kind: 'purge' };

/** Messages that are replayed between two acknowledgements. */
const REPLAY_BATCH = 500;

/** A dead letter, in words. */
interface DeadLetter {
  /** Place in the queue, from 1. */
  number: number;
  reason: string;
  sqlstate: string | undefined;
  /** When it was refused, ISO 8601. */
  time: string | undefined;
  /** How often it was delivered before. */
  attempts: number | undefined;
  /** Id of the import it came with. */
  import: string | undefined;
  /** Its row in the imported file; of several rows, the first. */
  row: number | undefined;
  /** Number of its rows; undefined when it is one. */
  rows: number | undefined;
  name: string | undefined;
  email: string | undefined;
  body: string;
}

/**
 * Works on the dead-letter queue. What is only looked at stays where it is.
 *
 * @param print takes a line of the result.
 * @throws FatalError when the broker can't be reached, or there is no such queue or letter.
 */
export async function onDeadLetters(
  task: DeadTask,
  config: QueueConfig,
  print: (line: string) => void,
): Promise<void> {
  const connection = await connectToFirst(config, 'csv2db consumer dead');
  try {
    const count = await countLetters(connection, config.deadName);
    switch (task.kind) {
      case 'list': {
        await list(connection, config.deadName, count, task.json, print);
        return;
      }
      case 'show': {
        await show(connection, config.deadName, count, task.number, print);
        return;
      }
      case 'export': {
        await exportCsv(connection, config.deadName, count, print);
        return;
      }
      case 'replay': {
        await replay(connection, config, count, task.reason, print);
        return;
      }
      case 'purge': {
        const { messageCount } = await onChannel(connection, (channel) =>
          channel.purgeQueue(config.deadName),
        );
        print(`${messageCount} dead letters deleted`);
        return;
      }
    }
  } finally {
    // what went wrong with it before has been said
    await connection.close().catch(() => {});
  }
}

async function countLetters(connection: ChannelModel, queue: string): Promise<number> {
  try {
    return (await onChannel(connection, (channel) => channel.checkQueue(queue))).messageCount;
  } catch (error) {
    throw new FatalError(`the queue "${queue}" can't be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** The letters that were there at the start, held until the channel is closed. */
async function* letters(channel: Channel, queue: string, count: number) {
  for (let number = 1; number <= count; number += 1) {
    const message = await channel.get(queue);
    if (message === false) return;
    yield { message, letter: describe(message, number) };
  }
}

async function list(
  connection: ChannelModel,
  queue: string,
  count: number,
  json: boolean,
  print: (line: string) => void,
): Promise<void> {
  await onChannel(connection, async (channel) => {
    for await (const { letter } of letters(channel, queue, count)) {
      if (json) print(JSON.stringify(letter));
      else print(`${letter.number}\t${letter.time ?? ''}\t${letter.reason}\t${excerpt(letter)}`);
    }
  });
  if (!json) print(`${count} dead letters in "${queue}"`);
}

/** What it is about, on one line: the email, or the beginning of a body that has none. */
function excerpt({ email, body }: DeadLetter): string {
  const text = JSON.stringify(email ?? body);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

async function show(
  connection: ChannelModel,
  queue: string,
  count: number,
  number: number,
  print: (line: string) => void,
): Promise<void> {
  if (number > count) {
    throw new FatalError(`there is no dead letter ${number}: "${queue}" holds ${count}`);
  }
  await onChannel(connection, async (channel) => {
    for await (const { message, letter } of letters(channel, queue, number)) {
      if (letter.number !== number) continue;
      print(JSON.stringify({ ...letter, headers: message.properties.headers }, null, 2));
    }
  });
}

async function exportCsv(
  connection: ChannelModel,
  queue: string,
  count: number,
  print: (line: string) => void,
): Promise<void> {
  const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  await onChannel(connection, async (channel) => {
    for await (const { message, letter } of letters(channel, queue, count)) {
      const contacts = contactsOf(message.content);
      for (const { name, email } of contacts.length > 0 ? contacts : [{ name: '', email: '' }]) {
        print([name, email, letter.reason].map(quote).join(','));
      }
    }
  });
}

/**
 * Moves letters back into the queue they came from. One is taken out of the dead-letter queue only
 * after the broker has confirmed it in the other; what happens in between makes two of it, not none.
 */
async function replay(
  connection: ChannelModel,
  { name, deadName }: QueueConfig,
  count: number,
  wanted: string | undefined,
  print: (line: string) => void,
): Promise<void> {
  let moved = 0;
  const channel = await connection.createConfirmChannel();
  let returned = false;
  channel.on('return', () => (returned = true));
  let batch: GetMessage[] = [];
  const move = async (): Promise<void> => {
    await confirm(channel, name, batch);
    if (returned) throw new FatalError(`there is no queue "${name}" to move dead letters to`);
    for (const message of batch) channel.ack(message);
    moved += batch.length;
    batch = [];
  };
  for await (const { message, letter } of letters(channel, deadName, count)) {
    if (wanted !== undefined && !letter.reason.includes(wanted)) continue;
    batch.push(message);
    if (batch.length === REPLAY_BATCH) await move();
  }
  await move();
  await channel.close();
  print(`${moved} of ${count} dead letters moved back to "${name}"`);
}

async function confirm(
  channel: ConfirmChannel,
  queue: string,
  messages: readonly GetMessage[],
): Promise<void> {
  for (const { content, properties } of messages) {
    const headers = new Map(Object.entries(properties.headers ?? {}));
    for (const header of Object.values(DEAD)) headers.delete(header);
    const options: Options.Publish = {
      ...properties,
      persistent: true,
      mandatory: true,
      headers: Object.fromEntries(headers),
    };
    delete options.userId;
    channel.publish('', queue, content, options);
  }
  await channel.waitForConfirms();
}

function describe({ content, properties }: GetMessage, number: number): DeadLetter {
  const headers: Record<string, unknown> = properties.headers ?? {};
  const text = (header: string): string | undefined =>
    typeof headers[header] === 'string' ? headers[header] : undefined;
  const integer = (header: string): number | undefined =>
    typeof headers[header] === 'number' ? headers[header] : undefined;
  const contacts = contactsOf(content);
  const only = contacts.length === 1 ? contacts[0] : undefined;
  return {
    number,
    reason: text(DEAD.reason) ?? brokersReason(headers),
    sqlstate: text(DEAD.sqlstate),
    time: text(DEAD.time),
    attempts: integer(DEAD.attempts) ?? integer('x-delivery-count'),
    import: text(HEADERS.import),
    row: integer(HEADERS.row),
    rows: integer(HEADERS.rows),
    ...(only ?? { name: undefined, email: undefined }),
    body: content.toString(),
  };
}

/** Why the broker itself dead-lettered a message: https://www.rabbitmq.com/docs/dlx */
function brokersReason(headers: Record<string, unknown>): string {
  return headers['x-first-death-reason'] === 'delivery_limit'
    ? 'delivered too often without an acknowledgement'
    : 'unknown';
}

/** The contacts in a body; none when a row of it is not one. */
function contactsOf(content: Buffer): Contact[] {
  try {
    const body = decodeBody(content);
    const rows: unknown[] = Array.isArray(body) ? body : [body];
    return rows.map(decodeContact).map(({ name, email }) => ({ name, email }));
  } catch (error) {
    if (error instanceof UndecodableError) return [];
    throw error;
  }
}
