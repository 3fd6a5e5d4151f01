import type pg from 'pg';
import type { Sandbox } from '../../../test/sandbox.ts';
import type { DatabaseConfig } from '../../src/database/address.ts';
import type { Entry } from './history.ts';

/** Writes an entry as a consumer does; numbers that follow one another as one range. */
export async function write(
  client: Pick<pg.ClientBase, 'query'>,
  importId: string,
  { covered, refused, rejected, skipped, inserted }: Entry,
  minutesAgo = 0,
): Promise<void> {
  const ranges = [covered, refused, rejected, skipped].map(
    (rows) => `{${rows.map((row) => `[${row},${row}]`).join(',')}}`,
  );
  await client.query(
    `INSERT INTO csv2db_ledger (import, covered, refused, rejected, skipped, inserted, recorded)
     VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() - make_interval(mins => $7))`,
    [importId, ...ranges, inserted, minutesAgo],
  );
}

/** Announces an import as a producer does. */
export async function announce(
  client: Pick<pg.ClientBase, 'query'>,
  importId: string,
  announcement: object,
): Promise<void> {
  await client.query('INSERT INTO csv2db_announcements (import, announcement) VALUES ($1, $2)', [
    importId,
    {
      begun: '2026-11-26T15:55:03.000Z',
      files: [{ name: 'data/contacts.csv', bytes: 100 }],
      fileCount: 1,
      bytes: 100,
      firstRow: 1,
      ...announcement,
    },
  ]);
}

/** How the functions that a test calls by themselves reach the sandbox's database. */
export function configOf({ databaseUrl }: Sandbox): DatabaseConfig {
  return {
    host: databaseUrl.hostname,
    port: Number(databaseUrl.port),
    user: decodeURIComponent(databaseUrl.username),
    password: () => decodeURIComponent(databaseUrl.password),
    name: databaseUrl.pathname.slice(1),
    table: undefined,
    tls: undefined,
    statementTimeout: 30_000,
    flags: { address: '', login: '', name: '' },
  };
}
