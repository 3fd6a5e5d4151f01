import type pg from 'pg';
import type { Decoded, Outcome, Row } from '../batch.ts';
import type { Database } from '../database/connect.ts';
import { isUnanswered, type Verdict, verdictOn } from '../database/sqlstate.ts';
import type { Table } from '../database/table.ts';
import { copy, copyData } from './copy.ts';
import { Insertion, sum } from './insert.ts';
import { Seen } from './seen.ts';
import type { StatementSize } from './statement-size.ts';

/**
 * Stores batches. COPY is by far the fastest way, and stores none of the rows when one is a
 * duplicate, or bad. Where there was one, more are likely: the next batches are inserted, until one
 * has none.
 */
export class Store {
  readonly #database: Database;
  readonly #size: StatementSize;
  /** The emails that were met before. */
  readonly #seen = new Seen();
  /** Whether the last rows whose emails were unknown were all new, and good. */
  #isNew = true;

  constructor(database: Database, size: StatementSize) {
    this.#database = database;
    this.#size = size;
  }

  /**
   * Stores the rows of a batch; they have committed when this resolves.
   *
   * @param decode gives the batch. It is called for each try: decoding again is rare and cheap,
   * while rows that were kept until the database has answered would outlive the young generation of
   * the heap.
   * @throws TransientError when the database is out, or not set up as it has to be: nothing may be
   * acknowledged. Tried again, the rows that it has stored all the same are duplicates.
   */
  async store(decode: () => Decoded): Promise<Outcome> {
    return await this.#database.use(async (client, table) => {
      const copied =
        this.#isNew && table.copy !== undefined
          ? await this.#copy(client, table, table.copy, decode)
          : undefined;
      return copied ?? (await this.#insert(client, table, decode));
    });
  }

  /**
   * Copies the rows whose emails are unknown, and inserts the others. @returns undefined when COPY
   * fails.
   */
  async #copy(
    client: pg.PoolClient,
    table: Table,
    text: string,
    decode: () => Decoded,
  ): Promise<Outcome | undefined> {
    const { data, count, known, refusals } = this.#forCopy(decode);
    if (count > this.#size.rows) return undefined;
    let copied: number;
    try {
      copied = await copy(client, text, data, this.#size.timeout);
    } catch (error) {
      const verdict = verdictOn(error);
      if (verdict === 'slow') this.#size.tooSlow(count);
      if (!FALLS_TO_INSERT.has(verdict) || isUnanswered(error)) throw error;
      this.#isNew = false;
      this.#seen.watch();
      return undefined;
    }
    const outcome = { inserted: copied, duplicates: 0, skipped: count - copied, refusals };
    return sum([outcome, await new Insertion(client, table, this.#size).insert(known)]);
  }

  async #insert(client: pg.PoolClient, table: Table, decode: () => Decoded): Promise<Outcome> {
    const { unknown, known, refusals } = this.#split(decode);
    const insertion = new Insertion(client, table, this.#size);
    const outcome = await insertion.insert(unknown);
    // none is left, as a rule, after a COPY that failed, which has met them all
    if (unknown.length > 0) this.#isNew = outcome.duplicates + outcome.refusals.length === 0;
    const undecodable = { inserted: 0, duplicates: 0, skipped: 0, refusals };
    return sum([undecodable, outcome, await insertion.insert(known)]);
  }

  /**
   * A function of its own, and not asynchronous, so that the rows can be let go when it returns.
   */
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
}

/** What COPY fails with and INSERT, in parts, may not. */
const FALLS_TO_INSERT: ReadonlySet<Verdict> = new Set(['row', 'set-up', 'slow']);

function byEmail(a: Row, b: Row): number {
  return a.contact.email < b.contact.email ? -1 : a.contact.email > b.contact.email ? 1 : 0;
}
