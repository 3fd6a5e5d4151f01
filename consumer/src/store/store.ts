import { countLines } from '@csv2db/libs/csv/bounds.ts';
import type pg from 'pg';
import type { Delivery, Outcome, Row } from '../batch.ts';
import type { Database } from '../database/connect.ts';
import { isUnanswered, type Verdict, verdictOn } from '../database/sqlstate.ts';
import type { Table } from '../database/table.ts';
import { decode } from '../decode.ts';
import { copy, copyData } from './copy.ts';
import { Insertion, sum } from './insert.ts';
import { isPlain, sift } from './plain.ts';
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
   * The batch is read anew for each try: that is rare and cheap, while rows that were kept until
   * the database has answered would outlive the young generation of the heap.
   *
   * @throws TransientError when the database is out, or not set up as it has to be: nothing may be
   * acknowledged. Tried again, the rows that it has stored all the same are duplicates.
   */
  async store(batch: readonly Delivery[]): Promise<Outcome> {
    return await this.#database.use(async (client, table) => {
      const copied =
        this.#isNew && table.copy !== undefined
          ? await this.#copy(client, table, table.copy, batch)
          : undefined;
      return copied ?? (await this.#insert(client, table, batch));
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
    batch: readonly Delivery[],
  ): Promise<Outcome | undefined> {
    const { data, known, refusals } = this.#forCopy(batch);
    if (this.#size.rows < Infinity && rowsIn(data) > this.#size.rows) return undefined;
    let copied: number;
    try {
      copied = await copy(client, text, data, this.#size.timeout);
    } catch (error) {
      const verdict = verdictOn(error);
      if (verdict === 'slow') this.#size.tooSlow(rowsIn(data));
      if (!FALLS_TO_INSERT.has(verdict) || isUnanswered(error)) throw error;
      this.#isNew = false;
      this.#seen.watch();
      return undefined;
    }
    const skipped = table.countAbsent === undefined ? 0 : rowsIn(data) - copied;
    const outcome = { inserted: copied, duplicates: 0, skipped, refusals };
    return sum([outcome, await new Insertion(client, table, this.#size).insert(known)]);
  }

  async #insert(client: pg.PoolClient, table: Table, batch: readonly Delivery[]): Promise<Outcome> {
    const { unknown, known, refusals } = this.#split(batch);
    const insertion = new Insertion(client, table, this.#size);
    const outcome = await insertion.insert(inOrder(unknown));
    // none is left, as a rule, after a COPY that failed, which has met them all
    if (unknown.length > 0) this.#isNew = outcome.duplicates + outcome.refusals.length === 0;
    const undecodable = { inserted: 0, duplicates: 0, skipped: 0, refusals };
    return sum([undecodable, outcome, await insertion.insert(inOrder(known))]);
  }

  /**
   * What of a batch COPY is to take. Plain bodies go as they came, without the rows whose emails
   * are known; of others the rows are written anew.
   */
  #forCopy(batch: readonly Delivery[]) {
    const data: Buffer[] = [];
    const others: Delivery[] = [];
    const sifted: Row[] = [];
    for (const delivery of batch) {
      if (!isPlain(delivery)) {
        others.push(delivery);
      } else if (this.#seen.isWatching) {
        const { unknown, known } = sift(delivery, this.#seen);
        data.push(...unknown);
        sifted.push(...known);
      } else {
        data.push(delivery.content);
      }
    }
    const { unknown, known, refusals } = this.#split(others);
    data.push(...copyData(unknown));
    return { data, known: inOrder(sifted.concat(known)), refusals };
  }

  #split(batch: readonly Delivery[]) {
    const { rows, refusals } = decode(batch);
    const [known, unknown]: [Row[], Row[]] = [[], []];
    for (const row of rows) (this.#isKnown(row) ? known : unknown).push(row);
    return { unknown, known, refusals };
  }

  #isKnown({ contact }: Row): boolean {
    if (!this.#seen.isWatching) return false;
    const email = Buffer.from(contact.email);
    return this.#seen.add(email, 0, email.length);
  }
}

/** Rows that COPY takes. */
function rowsIn(data: readonly Buffer[]): number {
  return data.reduce((sum, part) => sum + countLines(part), 0);
}

/** What COPY fails with and INSERT, in order and in parts, may not. */
const FALLS_TO_INSERT: ReadonlySet<Verdict> = new Set(['row', 'set-up', 'slow', 'conflict']);

/** In one order for all writers, which otherwise deadlock on emails that they share. */
function inOrder(rows: Row[]): Row[] {
  return rows.sort(byEmail);
}

function byEmail(a: Row, b: Row): number {
  return a.contact.email < b.contact.email ? -1 : a.contact.email > b.contact.email ? 1 : 0;
}
