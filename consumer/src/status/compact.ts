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

const MAY_DELETE = `SELECT has_table_privilege('csv2db_ledger', 'DELETE')
  AND has_table_privilege('csv2db_ledger', 'INSERT') AS "mayDelete"`;

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

function union(column: string): string {
  return `(SELECT coalesce(range_agg(r), '{}') FROM gone, unnest(${column}) AS r)`;
}

/**
 * Merges the entries of imports where there are many for what they tell, and this user may. Nothing depends on
 * it but the time that reading takes.
 *
 * @throws the error of pg, of the connection.
 */
export async function compact(
  client: pg.ClientBase,
  database: DatabaseConfig,
  tallies: readonly Tally[],
): Promise<void> {
  const those = tallies
    .map((tally) => ({ ...tally, which: isComplete(tally) ? FINISHED : GOING_ON }))
    .filter(({ entries, which }) => entries >= which.least);
  if (those.length === 0) return;
  const { statementTimeout } = database;
  const { rows } = await runWithin<{ mayDelete: boolean }>(client, statementTimeout, MAY_DELETE);
  if (rows[0]?.mayDelete !== true) return;
  for (const { importId, which } of those) await merge(client, database, importId, which);
}

/**
 * Merges entries of an import into one, whoever writes or merges others of it meanwhile.
 *
 * @throws the error of pg, of the connection.
 */
export async function merge(
  client: pg.ClientBase,
  { statementTimeout }: DatabaseConfig,
  importId: string,
  { age, least }: Mergeable,
): Promise<void> {
  try {
    await runWithin(client, statementTimeout, MERGE, [importId, age ?? null, String(least)]);
  } catch (error) {
    // whatever keeps it from that, as somebody who merges the same, keeps nobody from reading
    if (!(error instanceof pg.DatabaseError)) throw error;
  }
}

function isComplete(tally: Tally): boolean {
  return toImport(tally, false).state === 'complete';
}
