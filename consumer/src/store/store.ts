import pg from 'pg';
import type { Delivery, Outcome, Refusal } from '../batch.ts';
import type { Database } from '../database/connect.ts';
import type { Layout } from '../database/layout.ts';
import { runWithin } from '../database/limits.ts';
import { isUnanswered, type Verdict, verdictOn } from '../database/sqlstate.ts';
import { copy, type CopyInput, copyRows, rowsIn } from './copy.ts';
import { type Group, group } from './groups.ts';
import { Insertion, sum } from './insert.ts';
import { Seen } from './seen.ts';
import { decoded, type OrderedRows, sift } from './sift.ts';
import type { StatementSize } from './statement-size.ts';

/**
 * Stores batches. COPY is by far the fastest way, and stores none of the rows when one is a
 * duplicate, or bad. Until it fails for the first time, plain bodies go to it as they came. From then
 * on duplicates are watched for, where there can be any.
 */
export class Store {
  readonly #database: Database;
  readonly #size: StatementSize;
  /** The keys that were met since COPY failed for the first time. */
  readonly #seen = new Seen();
  /** Whether the last rows whose keys were unknown were all new, and good. */
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
      let grouped = group(batch, table);
      // they may have been changed
      if (grouped.isOfOtherColumns) grouped = group(batch, await this.#database.lookAgain(client));
      const outcomes = [refused(grouped.refusals)];
      for (const rows of grouped.groups) outcomes.push(await this.#storeGroup(client, rows));
      return sum(outcomes);
    });
  }

  async #storeGroup(client: pg.PoolClient, rows: Group): Promise<Outcome> {
    if (!this.#seen.isWatching || !rows.layout.mayConflict) {
      const copied = await this.#copyAsTheyCame(client, rows);
      if (copied) return copied;
    }
    if (!rows.layout.mayConflict) return await this.#storeWithoutKey(client, rows);
    this.#seen.watch();
    return await this.#storeInOrder(client, rows);
  }

  /** Stores rows that no unique constraint was about, and that COPY failed for. */
  async #storeWithoutKey(client: pg.PoolClient, rows: Group): Promise<Outcome> {
    // a constraint may have been added, as the consumer asks for
    const table = await this.#database.lookAgain(client);
    const layout = table.layoutOf(rows.layout.columns.map(({ name }) => name));
    const { rows: all, refusals } = decoded(rows);
    const insertion = new Insertion(client, layout, this.#size);
    return sum([await insertion.insert(all), refused(refusals)]);
  }

  /** Copies rows. @returns undefined when that fails. */
  async #copyAsTheyCame(client: pg.PoolClient, rows: Group): Promise<Outcome | undefined> {
    if (!rows.layout.copy) return undefined;
    const copying = this.#copy(client, rows.layout, forCopy(rows));
    this.#unordered.add(copying);
    try {
      return await copying;
    } finally {
      this.#unordered.delete(copying);
    }
  }

  /**
   * Copies the rows whose keys are unknown, and inserts the others; where that fails, and until the
   * unknown are all new, it inserts all.
   *
   * Each statement has its rows by their keys: two writers that share some, in different orders,
   * would wait for each other, until PostgreSQL ends one of them after a second. And an index takes
   * them in three quarters of the time.
   */
  async #storeInOrder(client: pg.PoolClient, rows: Group): Promise<Outcome> {
    await Promise.allSettled(this.#unordered);
    const { layout } = rows;
    const { all, unknown, known, refusals } = sift(rows, this.#seen);
    if (this.#isNew) {
      const copied = await this.#copy(client, layout, unknown.data());
      if (copied) {
        return sum([copied, await this.#insert(client, layout, known), refused(refusals)]);
      }
    }
    const outcome = await this.#insert(client, layout, all);
    this.#isNew = outcome.inserted + outcome.skipped >= unknown.count;
    return sum([outcome, refused(refusals)]);
  }

  /** @returns undefined when it is the rows that COPY fails for. */
  async #copy(
    client: pg.PoolClient,
    layout: Layout,
    data: CopyInput,
  ): Promise<Outcome | undefined> {
    if (layout.copy === undefined) return undefined;
    if (this.#size.rows < Infinity && rowsIn(data) > this.#size.rows) return undefined;
    try {
      const inserted = await copy(client, layout.copy, data, this.#size.timeout);
      return { inserted, duplicates: 0, skipped: rowsIn(data) - inserted, refusals: [] };
    } catch (error) {
      const verdict = verdictOn(error);
      if (verdict === 'slow') this.#size.tooSlow(rowsIn(data));
      if (!FALLS_TO_INSERT.has(verdict) || isUnanswered(error)) throw error;
      return undefined;
    }
  }

  async #insert(client: pg.PoolClient, layout: Layout, rows: OrderedRows): Promise<Outcome> {
    const outcome = await this.#insertText(client, layout, rows);
    return outcome ?? (await new Insertion(client, layout, this.#size).insert(rows.decoded()));
  }

  /** Inserts rows as one text. @returns undefined where that can't be done. */
  async #insertText(
    client: pg.PoolClient,
    { insertLines }: Layout,
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

/** What COPY takes of a group: plain bodies as they are, of others the rows. */
function forCopy({ bodies }: Group): CopyInput {
  const lines = bodies.flatMap(({ delivery, rows }) => (rows ? [] : [delivery.content]));
  return { ...copyRows(bodies.flatMap(({ rows }) => rows ?? [])), lines };
}

function refused(refusals: Refusal[]): Outcome {
  return { inserted: 0, duplicates: 0, skipped: 0, refusals };
}
