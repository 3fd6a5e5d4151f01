import { FatalError } from '@csv2db/libs/errors.ts';
import pg from 'pg';
import type { DatabaseConfig } from '../database/address.ts';
import { connectionOptions } from '../database/connect.ts';
import { databaseProblem } from '../database/problem.ts';
import { sslOption } from '../database/tls.ts';
import { FOREIGN } from '../ledger/account.ts';
import { readTallies, type Tally } from '../status/tally.ts';
import { newestImports } from './newest.ts';

/** Imports that are shown. */
const MOST = 50;
/** How long its connection stays open while nothing is read, in milliseconds. */
const IDLE = 10_000;

/** What the ledger has of the newest imports. */
export interface Newest {
  /** The newest first. */
  tallies: readonly Tally[];
  foreign: Tally | undefined;
  /** How many imports there are. */
  total: number;
}

/** Reads the ledger on a connection of its own, which is closed again while nobody asks. It writes nothing. */
export class LedgerReader {
  readonly #config: DatabaseConfig;
  readonly #pool: pg.Pool;

  constructor(config: DatabaseConfig) {
    this.#config = config;
    this.#pool = new pg.Pool({
      ...connectionOptions(config),
      max: 1,
      idleTimeoutMillis: IDLE,
      allowExitOnIdle: true,
    });
    // an idle connection that dies is replaced at the next use
    this.#pool.on('error', ignore);
    this.#pool.on('connect', (client) => client.on('error', ignore));
  }

  /**
   * Reads the newest imports.
   *
   * @throws TransientError in an outage; SetUpError or FatalError where a person has to mend something.
   */
  async read(): Promise<Newest> {
    try {
      return await this.#onClient((client) => this.#newest(client));
    } catch (error) {
      throw error instanceof FatalError ? error : databaseProblem(error, this.#config);
    }
  }

  async #newest(client: pg.ClientBase): Promise<Newest> {
    const { ids, total } = await newestImports(client, this.#config, MOST);
    const tallies = await readTallies(client, this.#config, [...ids, FOREIGN]);
    const byId = new Map(tallies.map((tally) => [tally.importId, tally]));
    return {
      tallies: ids.flatMap((id) => byId.get(id) ?? []),
      foreign: byId.get(FOREIGN),
      total,
    };
  }

  async #onClient<T>(work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
    // its files are read at each connect
    if (this.#pool.idleCount === 0) this.#pool.options.ssl = sslOption(this.#config.tls);
    const client = await this.#pool.connect();
    let failure: Error | undefined;
    try {
      return await work(client);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      client.release(failure);
    }
  }
}

function ignore(): void {}
