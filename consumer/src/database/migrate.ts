import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf, FatalError, messageOf } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import createContacts from '../../migrations/0001_create-contacts.sql';
import createLedger from '../../migrations/0002_create-ledger.sql';
import { type DatabaseConfig, serverAt } from './address.ts';
import { alone, orFatal } from './client.ts';
import { createDatabase } from './create.ts';

/** Every migration, under the name that the database remembers it by. */
const MIGRATIONS: Record<string, string> = {
  '0001_create-contacts.sql': createContacts,
  '0002_create-ledger.sql': createLedger,
};

/** The table that remembers which migrations were applied. */
const MIGRATIONS_TABLE = 'pgmigrations';

/**
 * Brings the schema up to date, or takes its last migration back. Up also creates a missing
 * database. Two at once wait for each other, and the second finds nothing to do.
 *
 * @throws FatalError when the server can't be reached or refuses.
 */
export async function migrate(
  database: DatabaseConfig,
  direction: 'up' | 'down',
  log: Logger,
): Promise<void> {
  const names = await orFatal(database, async () => {
    if (direction === 'up') await createDatabase(database, log);
    return await alone(database, async (client) => {
      const schema = await migrationsSchema(client, database);
      return await runMigrations(client, schema, direction, log);
    });
  });
  const verb = direction === 'up' ? 'applied' : 'taken back';
  log.info(
    { database: database.name, migrations: names },
    names.length > 0 ? `migrations ${verb}: ${names.join(', ')}` : 'no migration to run',
  );
}

/** @returns the names of the migrations that ran. */
async function runMigrations(
  client: pg.Client,
  schema: string,
  direction: 'up' | 'down',
  log: Logger,
): Promise<string[]> {
  try {
    const done = await inFolder(MIGRATIONS, (dir) =>
      runner({
        dbClient: client,
        dir,
        direction,
        migrationsTable: MIGRATIONS_TABLE,
        migrationsSchema: schema,
        singleTransaction: true,
        // it is held already
        noLock: true,
        logger: {
          info: () => {},
          warn: (text) => log.warn(text),
          // it is thrown, too
          error: () => {},
        },
      }),
    );
    return done.map(({ name }) => name);
  } catch (error) {
    if (error instanceof FatalError || codeOf(error) !== undefined) throw error;
    // its own errors, some with the stack of another one in their text
    const [text] = messageOf(error).split('\n');
    throw new FatalError(`the migrations can't run: ${text}`, { cause: error });
  }
}

/**
 * The schema of the table that remembers the migrations: where it is, or else the first of the
 * search_path, where the migrations create theirs.
 *
 * @throws FatalError when the user may not create tables there.
 */
async function migrationsSchema(client: pg.Client, database: DatabaseConfig): Promise<string> {
  const { rows } = await client.query<{
    existing: string | null;
    current: string | null;
    mayCreate: boolean | null;
    own: string | null;
  }>(
    `SELECT (SELECT nspname::text FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
         WHERE pg_class.oid = to_regclass($1)) AS existing,
       current_schema()::text AS current,
       has_schema_privilege(current_schema()::text, 'CREATE') AS "mayCreate",
       (SELECT quote_ident(nspname) FROM pg_namespace
         WHERE has_schema_privilege(oid, 'CREATE') AND nspname NOT LIKE 'pg\\_%' LIMIT 1) AS own`,
    [MIGRATIONS_TABLE],
  );
  const { existing = null, current = null, mayCreate = null, own = null } = rows[0] ?? {};
  if (existing !== null) return existing;
  if (current !== null && mayCreate === true) return current;
  const user = pg.escapeIdentifier(database.user);
  const name = pg.escapeIdentifier(database.name);
  const remedy =
    own === null
      ? `GRANT CREATE ON SCHEMA public TO ${user}`
      : `ALTER ROLE ${user} IN DATABASE ${name} SET search_path = ${own}`;
  throw new FatalError(
    `${serverAt(database)} does not let the user "${database.user}" create a table in ${current === null ? 'any schema of the search_path' : `the schema ${current}`}: ${remedy}`,
  );
}

/** node-pg-migrate reads its migrations from a folder; the bundle carries them inside. */
async function inFolder<T>(
  files: Record<string, string>,
  work: (dir: string) => Promise<T>,
): Promise<T> {
  const dir = await folderOf(files);
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}

async function folderOf(files: Record<string, string>): Promise<string> {
  try {
    const dir = await mkdtemp(join(tmpdir(), 'csv2db-migrations-'));
    for (const [name, content] of Object.entries(files)) await writeFile(join(dir, name), content);
    return dir;
  } catch (error) {
    throw new FatalError(
      `the migrations can't be put into the folder for temporary files: ${messageOf(error)}: set TMPDIR to a folder that can be written`,
      { cause: error },
    );
  }
}
