import { codeOf } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import pg from 'pg';
import type { DatabaseConfig } from './address.ts';
import { alone, orFatal, withClient } from './client.ts';

/** The database that is there on every server, to connect to where ours is not. */
const MAINTENANCE_DATABASE = 'postgres';

/**
 * Creates the database where it is missing.
 *
 * @throws the error of pg, when the server can't be reached or refuses.
 */
export async function createDatabase(database: DatabaseConfig, log: Logger): Promise<void> {
  try {
    // tried first: a user of a managed server may have no access to the maintenance database
    await withClient(database, () => Promise.resolve());
  } catch (error) {
    if (codeOf(error) !== '3D000') throw error;
    // CREATE DATABASE has no IF NOT EXISTS
    await alone({ ...database, name: MAINTENANCE_DATABASE }, async (client) => {
      const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [
        database.name,
      ]);
      if (rowCount !== 0) return;
      await client.query(`CREATE DATABASE ${pg.escapeIdentifier(database.name)}`);
      log.info({ database: database.name }, `database "${database.name}" is created`);
    });
  }
}

/**
 * Drops the database, and ends the sessions that are connected to it. One that is not there is
 * fine.
 *
 * @throws FatalError when the server can't be reached or refuses.
 */
export async function dropDatabase(database: DatabaseConfig, log: Logger): Promise<void> {
  await orFatal(database, () =>
    withClient({ ...database, name: MAINTENANCE_DATABASE }, (client) =>
      client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(database.name)} WITH (FORCE)`),
    ),
  );
  log.info({ database: database.name }, `database "${database.name}" is dropped`);
}
