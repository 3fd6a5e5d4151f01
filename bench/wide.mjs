// A table of ten columns of mixed types, and rows for it.
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { connect } from 'amqplib';
import { allSettled, CONSUMING, service } from './import.mjs';
import { ageQueues, connectTo, QUEUE, queueUrl } from './servers.mjs';

export const TABLE = 'wide';
const COLUMNS = {
  id: 'bigint NOT NULL',
  email: 'text UNIQUE',
  name: 'varchar(80)',
  age: 'smallint',
  balance: 'numeric(10, 2)',
  active: 'boolean NOT NULL',
  born: 'date',
  seen: 'timestamptz DEFAULT now()',
  tags: 'text[]',
  note: 'text',
};
const ROWS_PER_MESSAGE = 2_500;

/** @param {string} database */
export async function createWideTable(database) {
  const client = await connectTo(database);
  const columns = Object.entries(COLUMNS).map(([name, type]) => `${name} ${type}`);
  await client.query(`CREATE TABLE ${TABLE} (${columns.join(', ')})`);
  await client.end();
}

/**
 * Lines of CSV, the same each time, all with different emails.
 * @param {number} count
 */
export function wideLines(count) {
  return Array.from({ length: count }, (_, row) => {
    // the rows of a file are in no order of their keys
    const mixed = Math.imul(row, 0x9e3779b1) >>> 0;
    const day = `${1940 + (mixed % 70)}-${`${1 + (mixed % 12)}`.padStart(2, '0')}-17`;
    const fields = [
      row,
      `person.${mixed}@example.com`,
      `Some Name ${row}`,
      mixed % 5 === 0 ? '' : mixed % 100,
      (mixed / 1_000).toFixed(2),
      mixed % 2 === 0 ? 't' : 'f',
      day,
      `2024-05-01 12:${10 + (mixed % 50)}:00+02`,
      `{tag${mixed % 7}}`,
      mixed % 3 === 0 ? '' : 'something that somebody wrote down',
    ];
    return `${fields.join(',')}\n`;
  });
}

/**
 * @param {string} path
 * @param {readonly string[]} lines
 * @returns {Promise<import('./data.mjs').File>}
 */
export async function writeLines(path, lines) {
  const stream = createWriteStream(path);
  stream.end(lines.join(''));
  await once(stream, 'close');
  return { path, rows: lines.length, emails: lines.length };
}

/**
 * Sends lines, and waits until a consumer has stored each or found it to be a duplicate.
 *
 * @param {string} database
 * @param {readonly string[]} lines
 * @returns {Promise<number>} seconds from the first message to the last commit
 */
export async function storeLines(database, lines) {
  const flags = ['--log-level', 'debug', '--table', TABLE];
  const consumer = service('consumer', flags, database);
  try {
    await consumer.prints(CONSUMING);
    await ageQueues();
    const settled = allSettled([consumer], lines.length);
    const began = performance.now();
    await Promise.all([settled, publish(lines)]);
    return ((await settled) - began) / 1000;
  } finally {
    consumer.child.kill('SIGTERM');
    await consumer.exit;
  }
}

/**
 * As the producer sends rows of such columns.
 * @param {readonly string[]} lines
 */
async function publish(lines) {
  const connection = await connect(queueUrl.href);
  const channel = await connection.createConfirmChannel();
  const headers = { 'x-csv2db-columns': Object.keys(COLUMNS).join() };
  for (let from = 0; from < lines.length; from += ROWS_PER_MESSAGE) {
    const body = Buffer.from(lines.slice(from, from + ROWS_PER_MESSAGE).join(''));
    channel.sendToQueue(QUEUE, body, { persistent: true, contentType: 'text/csv', headers });
  }
  await channel.waitForConfirms();
  await connection.close();
}
