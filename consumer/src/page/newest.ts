import type pg from 'pg';
import type { DatabaseConfig } from '../database/address.ts';
import { read } from '../status/read.ts';

interface Newest {
  id: string;
  total: number;
}

/**
 * The ids of imports, the newest first, and how many there are. Of those in the ledger, each is looked up in the index,
 * behind the one before: there may be thousands of entries of each.
 */
const NEWEST = `
  WITH RECURSIVE entry AS (
    SELECT min(import) AS import FROM csv2db_ledger WHERE import > ''
    UNION ALL
    SELECT (SELECT min(import) FROM csv2db_ledger AS next WHERE next.import > entry.import)
    FROM entry WHERE import IS NOT NULL
  ), told AS (
    SELECT import, min(announcement ->> 'begun') AS begun FROM csv2db_announcements GROUP BY import
  )
  SELECT import AS id, count(*) OVER ()::float8 AS total FROM told FULL JOIN entry USING (import)
  WHERE import > ''
  ORDER BY coalesce(begun, (
    SELECT to_char(min(recorded) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    FROM csv2db_ledger AS first WHERE first.import = entry.import
  )) DESC, import LIMIT $1`;

/**
 * Finds the newest imports.
 *
 * @param most how many, at most.
 * @returns their ids, the newest first, and how many imports there are.
 * @throws FatalError where there is no ledger; the error of pg.
 */
export async function newestImports(
  client: pg.ClientBase,
  database: DatabaseConfig,
  most: number,
): Promise<{ ids: string[]; total: number }> {
  const rows = await read(client, database, (query) => query<Newest>(NEWEST, [most]));
  return { ids: rows.map(({ id }) => id), total: rows[0]?.total ?? 0 };
}
