import pg from 'pg';
import type { DatabaseConfig } from '../database/address.ts';
import { runWithin } from '../database/limits.ts';

const MAY_DELETE = `SELECT has_table_privilege('csv2db_ledger', 'DELETE')
  AND has_table_privilege('csv2db_ledger', 'INSERT') AS "mayDelete"`;

/**
 * Merges the entries of an import into one. What is inserted is what this statement itself deletes: who is late to
 * an entry that somebody else merges waits for that, and then finds it gone.
 */
const MERGE = `
  WITH gone AS (DELETE FROM csv2db_ledger WHERE import = $1 RETURNING *)
  INSERT INTO csv2db_ledger
    (import, recorded, covered, refused, rejected, skipped, inserted, unnumbered, transactions)
  SELECT $1, max(recorded), ${['covered', 'refused', 'rejected', 'skipped'].map(union).join(', ')},
    sum(inserted), sum(unnumbered), ${union('transactions')}
  FROM gone HAVING count(*) > 0`;

function union(column: string): string {
  return `(SELECT coalesce(range_agg(r), '{}') FROM gone, unnest(${column}) AS r)`;
}

/**
 * Merges the entries of each of some imports into one, where this user may. Nothing depends on
 * it but the time that reading takes.
 *
 * @throws the error of pg, of the connection.
 */
export async function compact(
  client: pg.ClientBase,
  { statementTimeout }: DatabaseConfig,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  const { rows } = await runWithin<{ mayDelete: boolean }>(client, statementTimeout, MAY_DELETE);
  if (rows[0]?.mayDelete !== true) return;
  for (const id of ids) {
    try {
      await runWithin(client, statementTimeout, MERGE, [id]);
    } catch (error) {
      // whatever keeps it from that, as somebody who merges the same, keeps nobody from reading
      if (!(error instanceof pg.DatabaseError)) throw error;
    }
  }
}
