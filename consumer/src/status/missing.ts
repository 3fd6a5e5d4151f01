import type pg from 'pg';
import type { DatabaseConfig } from '../database/address.ts';
import type { Import } from './import.ts';
import { read } from './read.ts';

/** Ranges that are fetched at a time. */
const AT_ONCE = 10_000;

const MISSING = `
  DECLARE missing NO SCROLL CURSOR FOR
  SELECT lower(r)::text || CASE WHEN upper(r) - 1 > lower(r) THEN '-' || upper(r) - 1 ELSE '' END AS range
  FROM unnest(int8multirange(int8range($2::int8, $3::int8, '[]')) - coalesce((
    SELECT range_agg(r) FROM csv2db_ledger, LATERAL (
      SELECT unnest(covered) AS r UNION ALL SELECT unnest(refused) UNION ALL SELECT unnest(rejected)
    ) AS part WHERE import = $1), '{}')) AS r`;

/**
 * Prints the rows of an import that nobody has told of, as the producer's `--rows` takes them:
 * `1200-1300,1400` on one line, nothing where there are none. Of one whose end is not known, those up to the last that is.
 *
 * @param print takes a part of the line.
 */
export async function printMissing(
  client: pg.ClientBase,
  database: DatabaseConfig,
  { import: id, firstRow, lastRow, highestRow }: Import,
  print: (text: string) => Promise<void>,
): Promise<void> {
  const end = lastRow ?? highestRow ?? 0;
  if (end < firstRow) return;
  await read(client, database, async (query) => {
    await query(MISSING, [id, firstRow, end]);
    let isFirst = true;
    for (;;) {
      const ranges = await query<{ range: string }>(`FETCH ${AT_ONCE} FROM missing`);
      if (ranges.length === 0) break;
      await print((isFirst ? '' : ',') + ranges.map(({ range }) => range).join(','));
      isFirst = false;
    }
    if (!isFirst) await print('\n');
  });
}
