import { FatalError } from '@csv2db/libs/errors.ts';
import pg from 'pg';
import type { DatabaseConfig } from './address.ts';
import { connectionOptions } from './connect.ts';
import { databaseProblem } from './problem.ts';
import { sslOption } from './tls.ts';

/** The advisory lock that node-pg-migrate takes, too. */
const LOCK_ID = '7241865325823964';

/** Does work on a connection of its own. */
export async function withClient<T>(
  database: DatabaseConfig,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    ...connectionOptions(database),
    ssl: sslOption(database.tls),
  });
  // a lost connection rejects the query that waits for it
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * Does work on a connection of its own that nobody else does at the same time. The lock belongs to
 * a transaction of another connection: behind a pooler, that of a session would be somebody else's.
 */
export async function alone<T>(
  database: DatabaseConfig,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  return await withClient(database, async (holder) => {
    await holder.query('BEGIN');
    await holder.query(`SELECT pg_advisory_xact_lock(${LOCK_ID})`);
    const result = await withClient(database, work);
    await holder.query('COMMIT');
    return result;
  });
}

/** Does work on the database. @throws FatalError with the reason, when it fails. */
export async function orFatal<T>(database: DatabaseConfig, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FatalError) throw error;
    throw new FatalError(databaseProblem(error, database).message, { cause: error });
  }
}
