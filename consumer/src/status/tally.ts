import type pg from 'pg';
import type { DatabaseConfig } from '../database/address.ts';
import { read } from './read.ts';

/** What the ledger knows of an import: numbers of rows, as PostgreSQL counts them. */
export interface Tally {
  importId: string;
  /** What producers told of it, an `Announcement` each, unless somebody else wrote it. */
  announcements: readonly unknown[];
  /** Number of entries. */
  entries: number;
  /** Rows that are in the table, are duplicates, or were skipped. */
  covered: number;
  /** Rows that are dead letters. */
  dead: number;
  rejected: number;
  skipped: number;
  /** Sum of what the entries say, which may be ahead of `covered`. */
  inserted: number;
  unnumbered: number;
  /** Numbers of the first and the last row that it knows; null where it knows none. */
  lowest: number | null;
  highest: number | null;
  /** When the last of it was written. */
  lastRecorded: Date;
  /** Seconds since the last of it was written, by the clock of the database. */
  idle: number;
  /** Rows that entries of the last ten seconds tell of. */
  recent: number;
  /** Seconds that those took. */
  recentSeconds: number;
}

/** Numbers that a multirange holds. */
const size = (multirange: string): string =>
  `(SELECT coalesce(sum(upper(r) - lower(r)), 0)::bigint FROM unnest(${multirange}) AS r)`;

/**
 * The numbers of each import, `''` for the messages that name none. One statement is one snapshot: an
 * entry that is being merged is seen before or after that. Multiranges are taken apart, as PostgreSQL 14
 * gathers no others.
 */
const TALLIES = `
  WITH recent AS (SELECT now() - interval '10 s' AS since),
  entry AS MATERIALIZED (
    SELECT * FROM csv2db_ledger WHERE $1::text[] IS NULL OR import = ANY ($1)
  ), told AS (
    SELECT import, json_agg(DISTINCT announcement::text) AS announcements, max(recorded) AS last
    FROM csv2db_announcements WHERE $1::text[] IS NULL OR import = ANY ($1) GROUP BY import
  ), sums AS (
    SELECT import, count(*) AS entries, sum(inserted) AS inserted, sum(unnumbered) AS unnumbered,
      max(recorded) AS last, min(recorded) FILTER (WHERE recorded > (SELECT since FROM recent)) AS recent
    FROM entry GROUP BY import
  ), unions AS (
    SELECT import,
      coalesce(range_agg(r) FILTER (WHERE kind = 'covered'), '{}') AS covered,
      coalesce(range_agg(r) FILTER (WHERE kind = 'refused'), '{}') AS refused,
      coalesce(range_agg(r) FILTER (WHERE kind = 'rejected'), '{}') AS rejected,
      coalesce(range_agg(r) FILTER (WHERE kind = 'skipped'), '{}') AS skipped,
      coalesce(sum(upper(r) - lower(r)) FILTER (WHERE kind <> 'skipped'
        AND recorded > (SELECT since FROM recent)), 0) AS recent
    FROM entry, LATERAL (
      SELECT 'covered' AS kind, unnest(covered) AS r
      UNION ALL SELECT 'refused', unnest(refused)
      UNION ALL SELECT 'rejected', unnest(rejected)
      UNION ALL SELECT 'skipped', unnest(skipped)) AS part
    GROUP BY import
  )
  SELECT import AS "importId",
    coalesce(announcements, '[]') AS announcements,
    coalesce(entries, 0)::float8 AS entries,
    coalesce(inserted, 0)::float8 AS inserted,
    coalesce(unnumbered, 0)::float8 AS unnumbered,
    ${size('covered')}::float8 AS covered,
    ${size('refused - covered')}::float8 AS dead,
    ${size('rejected - covered - refused')}::float8 AS rejected,
    ${size('skipped')}::float8 AS skipped,
    least(lower(covered), lower(refused), lower(rejected))::float8 AS lowest,
    (greatest(upper(covered), upper(refused), upper(rejected)) - 1)::float8 AS highest,
    greatest(told.last, sums.last) AS "lastRecorded",
    extract(epoch FROM now() - greatest(told.last, sums.last))::float8 AS idle,
    coalesce(unions.recent, 0)::float8 AS recent,
    coalesce(extract(epoch FROM now() - sums.recent), 0)::float8 AS "recentSeconds"
  FROM told FULL JOIN sums USING (import) LEFT JOIN unions USING (import)`;

/**
 * Reads what the ledger knows, in no order.
 *
 * @param ids the imports to read; undefined for all of them.
 * @throws FatalError where there is no ledger; the error of pg.
 */
export async function readTallies(
  client: pg.ClientBase,
  database: DatabaseConfig,
  ids: readonly string[] | undefined,
): Promise<Tally[]> {
  return await read(client, database, (query) => query<Tally>(TALLIES, [ids ?? null]));
}
