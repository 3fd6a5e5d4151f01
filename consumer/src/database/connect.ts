import { LONGEST_DELAY, within } from '@csv2db/libs/deadline.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import pg from 'pg';
import type { DatabaseConfig } from './address.ts';
import { databaseProblem, SetUpError, TableChangedError } from './problem.ts';
import { verdictOn } from './sqlstate.ts';
import { checkTable, ColumnsError, type Table } from './table.ts';
import { sslOption } from './tls.ts';

/** How long the server may take to accept a connection, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;
/** How much longer to wait for an answer than the server may work on it, in milliseconds. */
const GRACE = 5_000;
/** How long the connections may take to close, in milliseconds. */
const CLOSE_TIMEOUT = 2_000;
/** How long a sign of life may take, in milliseconds. */
const PING_TIMEOUT = 2_000;
/** How often other transactions may be in the way before that is an outage like others. */
const MOST_CONFLICTS = 10;

/**
 * The options of a connection; pg's own defaults wait for ever. The server's limit is not among
 * them: a pooler such as pgbouncer refuses settings of a session, so that each statement brings its
 * own. Nor is TLS: its files are read at each connect.
 */
export function connectionOptions(config: DatabaseConfig) {
  const { host, port, user, password, name, statementTimeout, parameters } = config;
  return {
    host,
    port,
    user,
    password,
    database: name,
    application_name: 'csv2db consumer',
    connectionTimeoutMillis: CONNECT_TIMEOUT,
    query_timeout: Math.min(statementTimeout + GRACE, LONGEST_DELAY),
    keepAlive: true,
    ...parameters,
  } satisfies pg.ClientConfig;
}

/** Connections to the database; each has found the table to be as it has to be. */
export class Database {
  readonly #config: DatabaseConfig;
  readonly #pool: pg.Pool;
  /** What each connection found. */
  #tables = new WeakMap<pg.PoolClient, Table>();
  readonly #log: Logger;
  /** What a person was warned of. */
  #warnings: readonly string[] = [];
  #ping: Promise<unknown> | undefined;

  /** @param size the most connections at a time. */
  constructor(config: DatabaseConfig, size: number, log: Logger) {
    this.#config = config;
    this.#log = log;
    this.#pool = new pg.Pool({ ...connectionOptions(config), max: size });
    // an idle connection that dies is replaced at the next use, which reports what is wrong
    this.#pool.on('error', ignore);
    // one in use rejects the query that waits for it; it may be lost before anybody has it in hand
    this.#pool.on('connect', (client) => client.on('error', ignore));
  }

  /**
   * Does work on a connection of its own, again when another transaction was in the way, or the
   * table has changed.
   *
   * @throws TransientError when the server or the way to it is out, SetUpError when a person has to
   * mend something; what else the work threw.
   */
  async use<T>(work: (client: pg.PoolClient, table: Table) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#onClient(work);
      } catch (error) {
        const hasChanged = error instanceof TableChangedError || error instanceof ColumnsError;
        // what the other connections found is no longer so, either
        if (hasChanged) this.#tables = new WeakMap();
        const mayPass = hasChanged || verdictOn(error) === 'conflict';
        if (mayPass && attempt < MOST_CONFLICTS) continue;
        throw databaseProblem(error, this.#config);
      }
    }
  }

  /**
   * Asks the server for a sign of life, unless all connections are at work, which shows it as well.
   *
   * @throws as `use` does; Error when there is no answer in time.
   */
  async ping(): Promise<void> {
    const { idleCount, totalCount, options } = this.#pool;
    const isBusy = idleCount === 0 && totalCount >= options.max;
    if (isBusy && !this.#ping) return;
    // one at a time: it may wait for long, and must not take the connections of those who work
    this.#ping ??= this.use((client) => client.query('SELECT 1')).finally(() => {
      this.#ping = undefined;
    });
    await within(PING_TIMEOUT, this.#ping);
  }

  /** Looks at the table again on a connection that is in use, and keeps and tells what it finds. */
  async lookAgain(client: pg.PoolClient): Promise<Table> {
    const table = await checkTable(client, this.#config);
    this.#tables.set(client, table);
    const { warnings } = table;
    for (const warning of warnings) if (!this.#warnings.includes(warning)) this.#log.warn(warning);
    this.#warnings = warnings;
    return table;
  }

  /** Closes its connections, and does not wait for a server that has stopped answering. */
  async end(): Promise<void> {
    await within(CLOSE_TIMEOUT, this.#pool.end()).catch(ignore);
  }

  /**
   * A connection is not used again after an error, so that a table that was mended is looked at
   * anew.
   */
  async #onClient<T>(work: (client: pg.PoolClient, table: Table) => Promise<T>): Promise<T> {
    // a new connection it will be
    if (this.#pool.idleCount === 0) this.#pool.options.ssl = sslOption(this.#config.tls);
    const client = await this.#pool.connect();
    let failure: Error | undefined;
    try {
      const table = this.#tables.get(client) ?? (await this.lookAgain(client));
      return await work(client, table).catch((error: unknown) =>
        this.#explain(client, table, error),
      );
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      client.release(failure);
    }
  }

  /** The table may have changed since the connection was made: then that is the cause. */
  async #explain(client: pg.PoolClient, before: Table, error: unknown): Promise<never> {
    if (verdictOn(error) !== 'set-up') throw error;
    const { fingerprint } = await checkTable(client, this.#config);
    if (fingerprint !== before.fingerprint) throw new TableChangedError();
    const { message } = databaseProblem(error, this.#config);
    throw new SetUpError(`${message}: no row is taken`, { cause: error });
  }
}

function ignore(): void {}
