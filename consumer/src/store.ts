import type pg from 'pg';
import { TransientError } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import { retry } from '@csv2db/libs/retry.ts';
import type { DatabaseConfig } from './config.ts';
import { copy } from './copy.ts';
import { databaseProblem, onClient } from './database.ts';
import type { Row } from './decode.ts';
import { insert, sum, type Inserted } from './insert.ts';
import { Seen } from './seen.ts';
import { verdictOn } from './sqlstate.ts';

/** How long an outage may last, in milliseconds, before the messages in hand go back to the queue. */
const PATIENCE = 30_000;

/** Stores batches, through every outage of the database. */
export class Store {
  readonly #pool: pg.Pool;
  readonly #config: DatabaseConfig;
  readonly #log: Logger;
  /** The emails that were met before. */
  readonly #seen = new Seen();
  /** Whether the last rows whose emails had not been met were all new. */
  #isNew = true;
  /** Number of batches that wait for the database. */
  #waiting = 0;

  constructor(pool: pg.Pool, config: DatabaseConfig, log: Logger) {
    this.#pool = pool;
    this.#config = config;
    this.#log = log;
  }

  /**
   * Stores the rows of a batch, as soon as the database can. While it is out, the same rows are tried
   * again and again, which shows better than any probe whether it is back.
   *
   * @param signal gives up, unless the database works.
   * @param onLongOutage called when an outage lasts longer than 30 s. The broker does not wait for
   * an acknowledgement for ever: now is the time to give back what was delivered. The rows are tried
   * further all the same; delivered again, they are duplicates.
   * @throws TransientError when the signal was aborted during an outage.
   */
  async store(
    rows: readonly Row[],
    signal: AbortSignal,
    onLongOutage: () => void,
  ): Promise<Inserted> {
    if (rows.length === 0) return { inserted: 0, duplicates: 0, refusals: [] };
    let patience: NodeJS.Timeout | undefined;
    const onOutage = ({ message }: TransientError): void => {
      patience = setTimeout(() => {
        this.#log.warn('the database is still out: the messages in hand go back to the queue');
        onLongOutage();
      }, PATIENCE);
      if (this.#waiting++ === 0) this.#log.warn(`${message}; storing pauses until it works`);
    };
    try {
      return await retry(() => this.#store(rows), { signal, onOutage });
    } finally {
      if (patience) {
        clearTimeout(patience);
        if (--this.#waiting === 0 && !signal.aborted) this.#log.info('PostgreSQL works again');
      }
    }
  }

  async #store(rows: readonly Row[]): Promise<Inserted> {
    const [known, unknown]: [Row[], Row[]] = [[], []];
    for (const row of rows) (this.#seen.add(row.contact.email) ? known : unknown).push(row);
    // in one order for all writers, which otherwise deadlock on emails that they share
    for (const part of [known, unknown]) part.sort(byEmail);
    const outcome = await this.#attempt(async (client) =>
      sum([await this.#storeUnknown(client, unknown), await insert(client, known)]),
    );
    if (outcome.duplicates > 0) this.#seen.watch();
    return outcome;
  }

  /**
   * COPY is by far the faster, and stores none of the rows when one is a duplicate, or bad. Where there
   * was one, more are likely: the next rows are inserted, until there is none among them.
   */
  async #storeUnknown(client: pg.PoolClient, rows: readonly Row[]): Promise<Inserted> {
    const outcome =
      this.#isNew && (await copy(client, rows))
        ? { inserted: rows.length, duplicates: 0, refusals: [] }
        : await insert(client, rows);
    this.#isNew = outcome.inserted === rows.length;
    return outcome;
  }

  async #attempt<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await onClient(this.#pool, work);
      } catch (error) {
        const verdict = verdictOn(error);
        if (verdict === 'defect') throw error;
        if (verdict === 'conflict') continue;
        throw new TransientError(databaseProblem(error, this.#config), { cause: error });
      }
    }
  }
}

function byEmail(a: Row, b: Row): number {
  return a.contact.email < b.contact.email ? -1 : a.contact.email > b.contact.email ? 1 : 0;
}
