import { basename } from 'node:path';
import { parseAnnouncement } from '@csv2db/libs/announcement.ts';
import { FatalError } from '@csv2db/libs/errors.ts';
import { printable, visible } from '@csv2db/libs/visible.ts';
import pg from 'pg';
import type { DatabaseConfig } from '../database/address.ts';
import { orFatal, withClient } from '../database/client.ts';
import { CONTACTS } from '../database/contacts.ts';
import { FACTS, type Facts } from '../database/facts.ts';
import { keyOf } from '../database/key.ts';
import { read } from './read.ts';

/** Most ranges of rows that are named. */
const MOST_RANGES = 5;

/** An entry of the transaction that a row may be of. */
interface Source {
  import: string;
  recorded: Date;
  /** Whether it is what several came to, of which `recorded` is the last. */
  isMerged: boolean;
  announcement: string | null;
  /** As `1-3` or `7`, the first of them; empty where entries were merged, or it tells of no rows. */
  rows: string[];
}

/**
 * The entries of the transactions whose id ends in the 32 bits of a row's xmin: there is one for each time
 * that the server has used all of them.
 */
const SOURCES = `
  SELECT import, recorded, upper(span) - lower(span) > 1 AS "isMerged",
    (SELECT announcement::text FROM csv2db_announcements AS a WHERE a.import = entry.import LIMIT 1),
    ARRAY(SELECT lower(r) || CASE WHEN upper(r) - 1 > lower(r) THEN '-' || upper(r) - 1 ELSE '' END
      FROM unnest(covered) AS r WHERE upper(span) - lower(span) = 1 LIMIT ${MOST_RANGES + 1}) AS rows
  FROM csv2db_ledger AS entry, range_merge(transactions) AS span WHERE inserted > 0 AND EXISTS (
    SELECT FROM generate_series(0, pg_snapshot_xmax(pg_current_snapshot())::text::int8 >> 32) AS epoch
    WHERE transactions @> (epoch << 32) + $1::int8) ORDER BY recorded`;

/**
 * Says which import stored a row first, if the ledger knows.
 *
 * @param value of its unique column, such as an email.
 * @throws FatalError where there is no such row, or the table has no such column, or the database can't be read.
 */
export async function why(database: DatabaseConfig, value: string): Promise<string> {
  return await orFatal(database, () =>
    withClient(database, (client) => sourceOf(client, database, value)),
  );
}

async function sourceOf(
  client: pg.ClientBase,
  database: DatabaseConfig,
  value: string,
): Promise<string> {
  const table = database.table ?? CONTACTS;
  return await read(client, database, async (query) => {
    const [facts] = await query<Facts>(FACTS, [table]);
    if (!facts) throw new FatalError(`there is no table ${table} in "${database.name}"`);
    const column = uniqueColumn(facts);
    const [row] = await query<{ xmin: string }>(
      `SELECT xmin::text FROM ${facts.name} WHERE ${pg.escapeIdentifier(column)} = $1`,
      [value],
    );
    if (!row) {
      throw new FatalError(
        `no row of ${facts.name} has the ${printable(column)} ${visible(value)}`,
      );
    }
    const sources = await query<Source>(SOURCES, [row.xmin]);
    if (sources.length === 0)
      return 'it was there before, or another program stored it: no import that the ledger knows did';
    return sources.map(inWords).join(', or\n');
  });
}

function uniqueColumn(facts: Facts): string {
  const names = facts.columns.map(({ name }) => name);
  const [column, ...others] = keyOf(facts, names).columns;
  if (facts.kind !== 'v' && column !== undefined && others.length === 0) return column;
  throw new FatalError(`${facts.name} has no unique column that a row could be looked up by`);
}

function inWords({ import: id, recorded, isMerged, announcement, rows }: Source): string {
  const when = `${isMerged ? 'no later than' : 'at'} ${recorded.toISOString()}`;
  if (id === '') return `a message that names no import stored it, ${when}`;
  const [file] = parseAnnouncement(announcement)?.files ?? [];
  const name = file ? ` (${basename(file.name)})` : '';
  const shown = rows.slice(0, MOST_RANGES).join(',') + (rows.length > MOST_RANGES ? ',…' : '');
  const which = rows.length > 0 ? `one of its rows ${shown}, ` : '';
  return printable(`the import ${id}${name} stored it: ${which}${when}`).replaceAll('\n', '\\n');
}
