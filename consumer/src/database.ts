import pg from 'pg';
import { codeOf, FatalError, messageOf } from '@csv2db/libs/errors.ts';
import { reason } from '@csv2db/libs/queue.ts';
import type { DatabaseConfig } from './config.ts';

/** How long the server may take to accept a connection, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;
/** How long the server may work on one statement, in milliseconds. */
const STATEMENT_TIMEOUT = 60_000;
/** How long to wait for a statement's answer; longer than the server's own limit, so that it wins. */
const QUERY_TIMEOUT = 70_000;

/** The options of a connection; pg's own defaults wait for ever. */
export function connectionOptions({ host, port, user, password, name }: DatabaseConfig) {
  return {
    host,
    port,
    user,
    password,
    database: name,
    application_name: 'csv2db consumer',
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    statement_timeout: STATEMENT_TIMEOUT,
    query_timeout: QUERY_TIMEOUT,
    keepAlive: true,
  } satisfies pg.ClientConfig;
}

/**
 * Opens a pool of connections, and checks that the table is there.
 *
 * @throws FatalError when the server can't be reached, refuses the user, or lacks database or table.
 */
export async function openPool(config: DatabaseConfig, size: number): Promise<pg.Pool> {
  const pool = new pg.Pool({ ...connectionOptions(config), max: size });
  // an idle connection that dies is replaced at the next query, which reports what is wrong
  pool.on('error', () => {});
  try {
    await pool.query('SELECT FROM contacts LIMIT 0');
    return pool;
  } catch (error) {
    await pool.end();
    throw databaseFailure(error, config);
  }
}

/** What a failed connection or statement means to the person who runs this. */
export function databaseFailure(
  error: unknown,
  { host, port, user, name }: DatabaseConfig,
): FatalError {
  return new FatalError(`PostgreSQL at ${host}:${port} ${problem()}`, { cause: error });

  function problem(): string {
    switch (codeOf(error)) {
      case '28P01':
      case '28000':
        return `refused the user "${user}": check --db-user and --db-pass`;
      case '3D000':
        return `has no database "${name}": create it with "consumer migrate", or check --db-name`;
      case '42P01':
        return `has no table contacts in "${name}": create it with "consumer migrate"`;
      default:
        return error instanceof pg.DatabaseError
          ? `failed: ${messageOf(error)} (SQLSTATE ${error.code})`
          : `can't be reached (${reason(error)}): is it running, and are --db-host and --db-port right?`;
    }
  }
}
