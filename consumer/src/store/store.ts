import type pg from 'pg';
import { TransientError } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import { retry } from '@csv2db/libs/retry.ts';
import type { DatabaseConfig } from '../config.ts';
import { copy, copyData } from './copy.ts';
import { databaseProblem, onClient } from '../database/connect.ts';
import type { Decoded, Row } from '../batch.ts';
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
  /** Whether the last rows whose emails were unknown were all new. */
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
   * @param decode gives the batch. It is called for each try: decoding again is rare and cheap, while rows
   * that were kept until the database has answered would outlive the young generation of the heap.
   * @param signal gives up, unless the database works.
   * @param onLongOutage called when an outage lasts longer than 30 s. The broker does not wait for
   * an acknowledgement for ever: now is the time to give back what was delivered. The rows are tried
   * further all the same; delivered again, they are duplicates.
   * @throws TransientError when the signal was aborted during an outage.
   */
  async store(
    decode: () => Decoded,
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
      return await retry(() => this.#store(decode), { signal, onOutage });
    } finally {
      if (patience) {
        clearTimeout(patience);
        if (--this.#waiting === 0 && !signal.aborted) this.#log.info('PostgreSQL works again');
      }
    }
  }

  /**
   * COPY is by far the faster, and stores none of the rows when one is a duplicate, or bad. Where there
   * was one, more are likely: the next batches are inserted, until one has none.
   */
  async #store(decode: () => Decoded): Promise<Inserted> {
    const copied = this.#isNew
      ? await this.#attempt((client) => this.#copy(client, decode))
      : undefined;
    return copied ?? (await this.#attempt((client) => this.#insert(client, decode)));
  }

  /** Copies the rows whose emails are unknown, and inserts the others. @returns undefined when COPY fails. */
  async #copy(client: pg.PoolClient, decode: () => Decoded): Promise<Inserted | undefined> {
    const { data, count, known, refusals } = this.#forCopy(decode);
    if (!(await copy(client, data))) {
      this.#isNew = false;
      this.#seen.watch();
      return undefined;
    }
    return sum([{ inserted: count, duplicates: 0, refusals }, await insert(client, known)]);
  }

  async #insert(client: pg.PoolClient, decode: () => Decoded): Promise<Inserted> {
    const { unknown, known, refusals } = this.#split(decode);
    const outcome = await insert(client, unknown);
    // none is left, as a rule, after a COPY that failed, which has met them all
    if (unknown.length > 0) this.#isNew = outcome.inserted === unknown.length;
    return sum([{ inserted: 0, duplicates: 0, refusals }, outcome, await insert(client, known)]);
  }

  /** A function of its own, and not asynchronous, so that the rows can be let go when it returns. */
  #forCopy(decode: () => Decoded) {
    const { unknown, known, refusals } = this.#split(decode);
    return { data: copyData(unknown), count: unknown.length, known, refusals };
  }

  #split(decode: () => Decoded) {
    const { rows, refusals } = decode();
    const [known, unknown]: [Row[], Row[]] = [[], []];
    for (const row of rows) (this.#seen.add(row.contact.email) ? known : unknown).push(row);
    // in one order for all writers, which otherwise deadlock on emails that they share
    for (const part of [known, unknown]) part.sort(byEmail);
    return { unknown, known, refusals };
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
