import pg from 'pg';
import {
  codeOf,
  connectionProblem,
  FatalError,
  messageOf,
  TransientError,
} from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import { retry } from '@csv2db/libs/retry.ts';
import type { DatabaseConfig } from '../config.ts';
import { isMisconfiguration } from '../store/sqlstate.ts';

/** How long the server may take to accept a connection, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;
/** How long the server may work on one statement, in milliseconds. */
const STATEMENT_TIMEOUT = 30_000;
/** How long to wait for a statement's answer; longer than the server's own limit, so that it wins. */
const QUERY_TIMEOUT = 35_000;

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
 * Opens a pool of connections, as soon as the database answers and its table is there.
 *
 * @returns undefined when the signal was aborted before.
 * @throws FatalError when the server refuses the user, or lacks the database or the table.
 */
export async function openPool(
  config: DatabaseConfig,
  size: number,
  signal: AbortSignal,
  log: Logger,
): Promise<pg.Pool | undefined> {
  const pool = new pg.Pool({ ...connectionOptions(config), max: size });
  // an idle connection that dies is replaced at the next query, which reports what is wrong
  pool.on('error', () => {});
  const check = async (): Promise<void> => {
    try {
      await pool.query('SELECT FROM contacts LIMIT 0');
    } catch (error) {
      const message = databaseProblem(error, config);
      if (isMisconfiguration(error)) throw new FatalError(message, { cause: error });
      throw new TransientError(message, { cause: error });
    }
  };
  const onOutage = ({ message }: TransientError): void => {
    log.warn(`${message}; trying again until it works`);
  };
  try {
    await retry(check, { signal, onOutage });
    return pool;
  } catch (error) {
    if (error instanceof TransientError) return undefined;
    throw error;
  }
}

/** What a failed connection or statement means to the person who runs this. */
export function databaseProblem(error: unknown, config: DatabaseConfig): string {
  const { host, port, user, name } = config;
  const where = `PostgreSQL at ${host}:${port}`;
  switch (codeOf(error)) {
    case '28P01':
    case '28000':
      return `${where} refused the user "${user}": check --db-user and --db-pass`;
    case '3D000':
      return `${where} has no database "${name}": create it with "consumer migrate", or check --db-name`;
    case '42P01':
      return `${where} has no table contacts in "${name}": create it with "consumer migrate"`;
  }
  if (error instanceof pg.DatabaseError) {
    return `${where} failed: ${messageOf(error)} (SQLSTATE ${error.code})`;
  }
  return `${where} (--db-host, --db-port) can't be reached: ${connectionProblem(error)}`;
}

/**
 * Does work on a connection of its own, which is not used again after an error.
 *
 * @throws what the work, or connecting, failed with.
 */
export async function onClient<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let failure: Error | undefined;
  // a connection that is lost rejects the query that waits for it
  client.on('error', ignore);
  try {
    return await work(client);
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(failure);
  }
}

function ignore(): void {}
