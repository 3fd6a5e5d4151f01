import type pg from 'pg';
import { TransientError } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import { retry } from '@csv2db/libs/retry.ts';
import type { DatabaseConfig } from './config.ts';
import { databaseProblem } from './database.ts';
import type { Row } from './decode.ts';
import { insert, type Inserted } from './insert.ts';
import { verdictOn } from './sqlstate.ts';

/** How long an outage may last, in milliseconds, before the messages in hand go back to the queue. */
const PATIENCE = 30_000;

/** Stores batches, through every outage of the database. */
export class Store {
  readonly #pool: pg.Pool;
  readonly #config: DatabaseConfig;
  readonly #log: Logger;
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
    let patience: NodeJS.Timeout | undefined;
    const onOutage = ({ message }: TransientError): void => {
      patience = setTimeout(() => {
        this.#log.warn('the database is still out: the messages in hand go back to the queue');
        onLongOutage();
      }, PATIENCE);
      if (this.#waiting++ === 0) this.#log.warn(`${message}; storing pauses until it works`);
    };
    try {
      return await retry(() => this.#insert(rows), { signal, onOutage });
    } finally {
      if (patience) {
        clearTimeout(patience);
        if (--this.#waiting === 0 && !signal.aborted) this.#log.info('PostgreSQL works again');
      }
    }
  }

  async #insert(rows: readonly Row[]): Promise<Inserted> {
    for (;;) {
      try {
        return await insert(this.#pool, rows);
      } catch (error) {
        const verdict = verdictOn(error);
        if (verdict === 'defect') throw error;
        if (verdict === 'conflict') continue;
        throw new TransientError(databaseProblem(error, this.#config), { cause: error });
      }
    }
  }
}
