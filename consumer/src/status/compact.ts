import pg from 'pg';
import type { DatabaseConfig } from '../database/address.ts';
import { runWithin } from '../database/limits.ts';
import { toImport } from './import.ts';
import type { Tally } from './tally.ts';

/** Which entries of an import are merged into one. */
export interface Mergeable {
  /** How long ago they were written, at least, as an interval of PostgreSQL; undefined for all of them. */
  age: string | undefined;
  /** How many there have to be. */
  least: number;
}

/** Those of an import that has come to its end. */
export const FINISHED: Mergeable = { age: undefined, least: 2 };

/**
 * Those of one that goes on, and of messages that name none: a thousand are read in no time, and the last ones
 * tell how fast it is.
 */
export const GOING_ON: Mergeable = { age: '1 min', least: 1_000 };

const MAY = `SELECT has_table_privilege('csv2db_announcements', 'DELETE') AS "mayForget",
  has_table_privilege('csv2db_ledger', 'DELETE') AND has_table_privilege('csv2db_ledger', 'INSERT') AS "mayMerge"`;

const OLD = `import = $1 AND recorded < coalesce(now() - $2::interval, 'infinity')`;

/**
 * Merges entries of an import into one. What is inserted is what this statement itself deletes: who is late to
 * an entry that somebody else merges waits for that, and then finds it gone.
 */
const MERGE = `
  WITH gone AS (
    DELETE FROM csv2db_ledger WHERE ${OLD} AND (SELECT count(*) FROM csv2db_ledger WHERE ${OLD}) >= $3
    RETURNING *
  )
  INSERT INTO csv2db_ledger
    (import, recorded, covered, refused, rejected, skipped, inserted, unnumbered, transactions)
  SELECT $1, max(recorded), ${['covered', 'refused', 'rejected', 'skipped'].map(union).join(', ')},
    sum(inserted), sum(unnumbered), ${union('transactions')}
  FROM gone HAVING count(*) > 0`;

/** Deletes what an import announced on its way, where its end has been announced with all else in it. */
const FORGET = `
  DELETE FROM csv2db_announcements AS early USING csv2db_announcements AS closing
  WHERE early.import = $1 AND closing.import = $1
    AND early.announcement ? 'estimate' AND closing.announcement ? 'lastRow'
    AND early.announcement -> 'begun' = closing.announcement -> 'begun'
    AND early.announcement -> 'firstRow' = closing.announcement -> 'firstRow'`;

function union(column: string): string {
  return `(SELECT coalesce(range_agg(r), '{}') FROM gone, unnest(${column}) AS r)`;
}

/**
 * Merges the entries of imports where there are many for what they tell, and forgets what was announced on the
 * way of those that are complete, where this user may. Nothing depends on it but the time that reading takes.
 *
 * @throws the error of pg, of the connection.
 */
export async function compact(
  client: pg.ClientBase,
  database: DatabaseConfig,
  tallies: readonly Tally[],
): Promise<void> {
  const complete = tallies.filter((tally) => toImport(tally, false).state === 'complete');
  const wordy = complete.filter(({ announcements }) => announcements.length > 1);
  const large = tallies
    .map((tally) => ({ ...tally, which: complete.includes(tally) ? FINISHED : GOING_ON }))
    .filter(({ entries, which }) => entries >= which.least);
  if (large.length + wordy.length === 0) return;
  const { rows } = await runWithin<{ mayMerge: boolean; mayForget: boolean }>(
    client,
    database.statementTimeout,
    MAY,
  );
  const [may] = rows;
  for (const { importId, which } of may?.mayMerge ? large : []) {
    await merge(client, database, importId, which);
  }
  for (const { importId } of may?.mayForget ? wordy : []) {
    await attempt(client, database, FORGET, [importId]);
  }
}

/**
 * Merges entries of an import into one, whoever writes or merges others of it meanwhile.
 *
 * @throws the error of pg, of the connection.
 */
export async function merge(
  client: pg.ClientBase,
  database: DatabaseConfig,
  importId: string,
  { age, least }: Mergeable,
): Promise<void> {
  await attempt(client, database, MERGE, [importId, age ?? null, String(least)]);
}

async function attempt(
  client: pg.ClientBase,
  { statementTimeout }: DatabaseConfig,
  text: string,
  values: readonly (string | null)[],
): Promise<void> {
  try {
    await runWithin(client, statementTimeout, text, values);
  } catch (error) {
    // whatever keeps it from that, as somebody who does the same, keeps nobody from reading
    if (!(error instanceof pg.DatabaseError)) throw error;
  }
}
