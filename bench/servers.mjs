// The throwaway servers, and a database on them that is like a user's.
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'amqplib';
import pg from 'pg';

/** The queue that is measured. */
export const QUEUE = 'csv2db_bench';

export const queueUrl = serverUrl('FC_TEST_QUEUE_URL');
export const databaseUrl = serverUrl('FC_TEST_DATABASE_URL');

/** @param {string} variable */
function serverUrl(variable) {
  const url = process.env[variable];
  if (!url) throw new Error(`${variable} is not set: run this with "make bench"`);
  return new URL(url);
}

/**
 * How strings compare decides how fast an index grows. The official image, and most machines, have
 * a linguistic order; a server that was set up without a locale has the fastest, that of bytes.
 */
const COLLATIONS = [
  { name: 'en_US.utf8', clause: "LOCALE 'en_US.utf8'" },
  { name: 'en-US (ICU)', clause: "LOCALE_PROVIDER icu ICU_LOCALE 'en-US'" },
  { name: 'C', clause: "LOCALE 'C'" },
];

/**
 * Creates a database anew.
 *
 * @param {string} name
 * @param {string} [wish] the name of its collation; default: the first of those that the server has
 * @returns {Promise<string>} the name of the collation
 */
export async function createDatabase(name, wish) {
  const client = await connectTo('');
  try {
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    for (const collation of COLLATIONS) {
      if (wish && wish !== collation.name) continue;
      try {
        const options = `TEMPLATE template0 ENCODING 'UTF8' ${collation.clause}`;
        await client.query(`CREATE DATABASE ${name} ${options}`);
        return collation.name;
      } catch (error) {
        if (!(error instanceof pg.DatabaseError)) throw error;
      }
    }
  } finally {
    await client.end();
  }
  throw new Error(`the server has no collation ${wish ?? ''}`);
}

/** @param {string} name */
export async function dropDatabase(name) {
  const client = await connectTo('');
  await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await client.end();
}

/** @param {string} database the database of the URL when it is empty */
export async function connectTo(database) {
  const url = new URL(database ? `/${database}` : '', databaseUrl);
  const client = new pg.Client({ connectionString: (database ? url : databaseUrl).href });
  await client.connect();
  return client;
}

/**
 * Makes all runs begin alike: with an empty table, and without a queue.
 *
 * @param {string} database
 * @param {string} [table]
 */
export async function prepare(database, table = 'contacts') {
  await deleteQueues();
  const client = await connectTo(database);
  await client.query(`TRUNCATE ${table}`);
  await client.query('CHECKPOINT');
  await client.end();
}

/**
 * Takes the queue for an old one, as it is in use: a producer waits until a new one is safe from
 * crashes.
 */
export async function ageQueues() {
  const connection = await connect(queueUrl.href);
  const channel = await connection.createChannel();
  for (const name of [QUEUE, `${QUEUE}.dead`]) await channel.deleteQueue(`${name}.young`);
  await connection.close();
}

/** Waits until the queue is empty: behind the rows comes what is announced of their end. */
export async function emptied() {
  const connection = await connect(queueUrl.href);
  const channel = await connection.createChannel();
  while ((await channel.checkQueue(QUEUE)).messageCount > 0) await pause(10);
  await connection.close();
}

/**
 * Deletes the queue and its dead letters, if they are there.
 * @returns {Promise<number>} how many messages were in them
 */
export async function deleteQueues() {
  const connection = await connect(queueUrl.href);
  const channel = await connection.createChannel();
  let messages = 0;
  for (const name of [QUEUE, `${QUEUE}.dead`]) {
    messages += (await channel.deleteQueue(name)).messageCount;
  }
  await connection.close();
  return messages;
}
