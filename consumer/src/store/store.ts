import { countLines } from '@csv2db/libs/csv/bounds.ts';
import pg from 'pg';
import type { Delivery, Outcome, Refusal } from '../batch.ts';
import type { Database } from '../database/connect.ts';
import { runWithin } from '../database/limits.ts';
import { isUnanswered, type Verdict, verdictOn } from '../database/sqlstate.ts';
import type { Table } from '../database/table.ts';
import { decode } from '../decode.ts';
import { copy, copyData } from './copy.ts';
import { Insertion, sum } from './insert.ts';
import { isPlain } from './lines.ts';
import { Seen } from './seen.ts';
import { type OrderedRows, sift } from './sift.ts';
import type { StatementSize } from './statement-size.ts';

/**
 * Stores batches. COPY is by far the fastest way, and stores none of the rows when one is a
 * duplicate, or bad. Until it fails for the first time, plain bodies go to it as they came. From then
 * on duplicates are watched for.
 */
export class Store {
  readonly #database: Database;
  readonly #size: StatementSize;
  /** The emails that were met since COPY failed for the first time. */
  readonly #seen = new Seen();
  /** Whether the last rows whose emails were unknown were all new, and good. */
  #isNew = true;
  /** The copies under way whose rows are in no order. */
  readonly #unordered = new Set<Promise<unknown>>();

  constructor(database: Database, size: StatementSize) {
    this.#database = database;
    this.#size = size;
  }

  /**
   * Stores the rows of a batch; they have committed when this resolves.
   *
   * @throws TransientError when the database is out, or not set up as it has to be: nothing may be
   * acknowledged. Tried again, the rows that it has stored all the same are duplicates.
   */
  async store(batch: readonly Delivery[]): Promise<Outcome> {
    return await this.#database.use(async (client, table) => {
      const copied = this.#seen.isWatching
        ? undefined
        : await this.#copyAsTheyCame(client, table, batch);
      return copied ?? (await this.#storeInOrder(client, table, batch));
    });
  }

  /** Copies a batch. @returns undefined when that fails; from then on duplicates are watched for. */
  async #copyAsTheyCame(
    client: pg.PoolClient,
    table: Table,
    batch: readonly Delivery[],
  ): Promise<Outcome | undefined> {
    if (table.copy === undefined) {
      this.#seen.watch();
      return undefined;
    }
    const { data, refusals } = forCopy(batch);
    const copying = this.#copy(client, table, data);
    this.#unordered.add(copying);
    try {
      const copied = await copying;
      if (copied) return sum([copied, refused(refusals)]);
      this.#seen.watch();
      return undefined;
    } finally {
      this.#unordered.delete(copying);
    }
  }

  /**
   * Copies the rows whose emails are unknown, and inserts the others; where that fails, and until
   * the unknown are all new, it inserts all.
   *
   * Each statement has its rows by their emails: two writers that share some, in different orders,
   * would wait for each other, until PostgreSQL ends one of them after a second. And an index takes
   * them in three quarters of the time.
   */
  async #storeInOrder(
    client: pg.PoolClient,
    table: Table,
    batch: readonly Delivery[],
  ): Promise<Outcome> {
    await Promise.allSettled(this.#unordered);
    const { all, unknown, known, refusals } = sift(batch, this.#seen);
    if (this.#isNew) {
      const copied = await this.#copy(client, table, unknown.data());
      if (copied) {
        return sum([copied, await this.#insert(client, table, known), refused(refusals)]);
      }
    }
    const outcome = await this.#insert(client, table, all);
    this.#isNew = outcome.inserted + outcome.skipped >= unknown.count;
    return sum([outcome, refused(refusals)]);
  }

  /** @returns undefined when it is the rows that COPY fails for. */
  async #copy(
    client: pg.PoolClient,
    table: Table,
    data: readonly Buffer[],
  ): Promise<Outcome | undefined> {
    if (table.copy === undefined) return undefined;
    if (this.#size.rows < Infinity && rowsIn(data) > this.#size.rows) return undefined;
    try {
      const inserted = await copy(client, table.copy, data, this.#size.timeout);
      return { inserted, duplicates: 0, skipped: rowsIn(data) - inserted, refusals: [] };
    } catch (error) {
      const verdict = verdictOn(error);
      if (verdict === 'slow') this.#size.tooSlow(rowsIn(data));
      if (!FALLS_TO_INSERT.has(verdict) || isUnanswered(error)) throw error;
      return undefined;
    }
  }

  async #insert(client: pg.PoolClient, table: Table, rows: OrderedRows): Promise<Outcome> {
    const outcome = await this.#insertText(client, table, rows);
    return outcome ?? (await new Insertion(client, table, this.#size).insert(rows.decoded()));
  }

  /** Inserts rows as one text. @returns undefined where that can't be done. */
  async #insertText(
    client: pg.PoolClient,
    { insertLines }: Table,
    rows: OrderedRows,
  ): Promise<Outcome | undefined> {
    const { count } = rows;
    if (count === 0) return refused([]);
    if (insertLines === undefined || count > this.#size.rows) return undefined;
    const text = rows.text();
    if (!text) return undefined;
    try {
      const began = performance.now();
      const { rowCount } = await runWithin(client, this.#size.timeout, insertLines, [text]);
      this.#size.finished(count, performance.now() - began);
      const inserted = rowCount ?? 0;
      return { inserted, duplicates: count - inserted, skipped: 0, refusals: [] };
    } catch (error) {
      const verdict = verdictOn(error);
      if (verdict === 'slow') this.#size.tooSlow(count);
      if (!FALLS_TO_ROWS.has(verdict) || isUnanswered(error)) throw error;
      return undefined;
    }
  }
}

/** What COPY fails with and INSERT, in order and in parts, may not. */
const FALLS_TO_INSERT: ReadonlySet<Verdict> = new Set(['row', 'set-up', 'slow', 'conflict']);
/** What a statement of many rows fails with and those of fewer may not. */
const FALLS_TO_ROWS: ReadonlySet<Verdict> = new Set(['row', 'set-up', 'slow']);

/** What COPY takes of a batch: plain bodies as they are, of others the rows that can be decoded. */
function forCopy(batch: readonly Delivery[]): { data: Buffer[]; refusals: Refusal[] } {
  const data: Buffer[] = [];
  const others: Delivery[] = [];
  for (const delivery of batch) {
    if (isPlain(delivery)) data.push(delivery.content);
    else others.push(delivery);
  }
  const { rows, refusals } = decode(others);
  return { data: [...data, ...copyData(rows)], refusals };
}

/** Rows that COPY is given. */
function rowsIn(data: readonly Buffer[]): number {
  return data.reduce((sum, part) => sum + countLines(part), 0);
}

function refused(refusals: Refusal[]): Outcome {
  return { inserted: 0, duplicates: 0, skipped: 0, refusals };
}
