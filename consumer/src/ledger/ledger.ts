import type { Announcement } from '@csv2db/libs/announcement.ts';
import pg from 'pg';
import type { DatabaseConfig } from '../database/address.ts';
import { migrateCommand } from '../database/again.ts';
import { runWithin } from '../database/limits.ts';
import { SetUpError } from '../database/problem.ts';
import { verdictOn } from '../database/sqlstate.ts';
import type { Entry } from './entry.ts';
import { toMultirange } from './ranges.ts';

/** What a producer tells of its import. */
export interface Announced {
  importId: string;
  announcement: Announcement;
}

/** A query that tells whether its tables are there, and what this user may do with them. */
export const LEDGER = `
  SELECT string_agg(concat_ws(' ', to_regclass(name)::oid, has_table_privilege(to_regclass(name), 'INSERT')), ', ')
  FROM unnest('{csv2db_ledger,csv2db_announcements}'::text[]) AS name`;

/** What is wrong with the ledger of a database, and what mends it; undefined where it can be kept. */
export async function ledgerProblem(
  client: pg.ClientBase,
  config: DatabaseConfig,
): Promise<string | undefined> {
  const { statementTimeout, user } = config;
  const { rows } = await runWithin<{ isThere: boolean; isInsertable: boolean }>(
    client,
    statementTimeout,
    `SELECT bool_and(to_regclass(name) IS NOT NULL) AS "isThere",
      bool_and(has_table_privilege(to_regclass(name), 'INSERT')) AS "isInsertable"
      FROM unnest('{csv2db_ledger,csv2db_announcements}'::text[]) AS name`,
  );
  const [ledger] = rows;
  if (ledger?.isThere !== true) {
    return `there is no ledger, so nobody can prove that every row arrived: create it with ${migrateCommand(config)}`;
  }
  if (!ledger.isInsertable) {
    return `the user "${user}" may not write the ledger, so nobody can prove that every row arrived: GRANT INSERT, SELECT ON csv2db_ledger, csv2db_announcements TO ${pg.escapeIdentifier(user)}`;
  }
  return undefined;
}

/**
 * Writes what became of rows, as part of the transaction that stores them.
 *
 * @throws SetUpError when a person has to mend the ledger; the error of pg.
 */
export async function writeEntry(client: pg.ClientBase, entry: Entry): Promise<void> {
  const { importId, covered, refused, rejected, skipped, inserted, unnumbered } = entry;
  const ranges = [covered, refused, rejected, skipped].map(toMultirange);
  await orSetUp(() => client.query(WRITE_ENTRY, [importId, ...ranges, inserted, unnumbered]));
}

/**
 * Writes what is told of an import, as part of a transaction. Where the database has not the
 * characters of the names of files, as one that is not in UTF-8, it does without them.
 *
 * @throws SetUpError when a person has to mend the ledger; the error of pg.
 */
export async function writeAnnouncement(
  client: pg.ClientBase,
  { importId, announcement }: Announced,
): Promise<void> {
  const write = (told: Announcement) =>
    client.query(WRITE_ANNOUNCEMENT, [importId, JSON.stringify(told)]);
  await client.query('SAVEPOINT told');
  await orSetUp(() =>
    write(announcement).catch(async (error: unknown) => {
      if (verdictOn(error) !== 'row') throw error;
      await client.query('ROLLBACK TO told');
      return await write({ ...announcement, files: [] });
    }),
  );
}

const WRITE_ENTRY = `
  INSERT INTO csv2db_ledger (import, covered, refused, rejected, skipped, inserted, unnumbered)
  VALUES ($1, $2, $3, $4, $5, $6, $7)`;

const WRITE_ANNOUNCEMENT =
  'INSERT INTO csv2db_announcements (import, announcement) VALUES ($1, $2)';

/** An error of the ledger says nothing about the rows, and must not be taken for one that does. */
async function orSetUp(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const verdict = verdictOn(error);
    const isItsOwn =
      error instanceof pg.DatabaseError && (verdict === 'row' || verdict === 'set-up');
    if (!isItsOwn) throw error;
    throw new SetUpError(`the ledger can't be written: ${error.message}`, { cause: error });
  }
}
