import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { codeOf, FatalError } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import createContacts from '../../migrations/0001_create-contacts.sql';
import type { DatabaseConfig } from '../config.ts';
import { connectionOptions, databaseProblem } from './connect.ts';

/** Every migration, under the name that the database remembers it by. */
const MIGRATIONS: Record<string, string> = {
  '0001_create-contacts.sql': createContacts,
};

/** The database that is there on every server, to connect to where ours is not. */
const MAINTENANCE_DATABASE = 'postgres';

/**
 * Brings the schema up to date, or takes its last migration back. Up also creates a missing database.
 * Two at once wait for each other, and the second finds nothing to do.
 *
 * @throws FatalError when the server can't be reached or refuses.
 */
export async function migrate(
  database: DatabaseConfig,
  direction: 'up' | 'down',
  log: Logger,
): Promise<void> {
  try {
    if (direction === 'up') await createDatabase(database, log);
    const done = await inFolder(MIGRATIONS, (dir) =>
      runner({
        databaseUrl: connectionOptions(database),
        dir,
        direction,
        migrationsTable: 'pgmigrations',
        singleTransaction: true,
        advisoryLockMode: 'wait',
        logger: {
          info: () => {},
          warn: (text) => log.warn(text),
          // it is thrown, too
          error: () => {},
        },
      }),
    );
    const names = done.map(({ name }) => name);
    const verb = direction === 'up' ? 'applied' : 'taken back';
    log.info(
      { database: database.name, migrations: names },
      names.length > 0 ? `migrations ${verb}: ${names.join(', ')}` : 'no migration to run',
    );
  } catch (error) {
    throw new FatalError(databaseProblem(error, database), { cause: error });
  }
}

/**
 * Drops the database, and ends the sessions that are connected to it. One that is not there is fine.
 *
 * @throws FatalError when the server can't be reached or refuses.
 */
export async function dropDatabase(database: DatabaseConfig, log: Logger): Promise<void> {
  try {
    await withClient({ ...database, name: MAINTENANCE_DATABASE }, (client) =>
      client.query(`DROP DATABASE IF EXISTS ${pg.escapeIdentifier(database.name)} WITH (FORCE)`),
    );
    log.info({ database: database.name }, `database "${database.name}" is dropped`);
  } catch (error) {
    throw new FatalError(databaseProblem(error, database), { cause: error });
  }
}

async function createDatabase(database: DatabaseConfig, log: Logger): Promise<void> {
  try {
    // tried first: a user of a managed server may have no access to the maintenance database
    await withClient(database, () => Promise.resolve());
  } catch (error) {
    if (codeOf(error) !== '3D000') throw error;
    await withClient({ ...database, name: MAINTENANCE_DATABASE }, async (client) => {
      // held until the connection ends: CREATE DATABASE has no IF NOT EXISTS
      await client.query(`SELECT pg_advisory_lock(hashtext('csv2db create database'))`);
      const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [
        database.name,
      ]);
      if (rowCount !== 0) return;
      await client.query(`CREATE DATABASE ${pg.escapeIdentifier(database.name)}`);
      log.info({ database: database.name }, `database "${database.name}" is created`);
    });
  }
}

async function withClient<T>(
  database: DatabaseConfig,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(connectionOptions(database));
  // a lost connection rejects the query that waits for it
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** node-pg-migrate reads its migrations from a folder; the bundle carries them inside. */
async function inFolder<T>(
  files: Record<string, string>,
  work: (dir: string) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'csv2db-migrations-'));
  try {
    for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content);
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}
