import { type Outcome, type Refusal, refused, sum } from '../batch.ts';
import type { Database } from '../database/connect.ts';
import { isUnanswered, type Verdict, verdictOn } from '../database/sqlstate.ts';
import { LeftOutError, storing } from '../database/storing.ts';
import { copy, type CopyInput, copyRows, rowsIn } from './copy.ts';
import type { RowGroup } from './groups.ts';
import { Insertion } from './insert.ts';
import { Seen } from './seen.ts';
import { decoded, type OrderedRows, sift } from './sift.ts';
import type { StatementSize } from './statement-size.ts';
import { type Target, tellWhole } from './target.ts';

/**
 * Stores groups of rows. COPY is by far the fastest way, and stores none of the rows when one is a
 * duplicate, or bad. Until it fails for the first time, plain bodies go to it as they came. From then
 * on duplicates are watched for, where there can be any.
 */
export class GroupStore {
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
   * Stores the rows of a group, and tells the ledger of them; they have committed when this resolves.
   *
   * @throws as `Store.store` does, and what `storing` throws.
   */
  async store(target: Target, rows: RowGroup): Promise<Outcome> {
    const { layout } = target;
    if (!this.#seen.isWatching || !layout.mayConflict) {
      const copied = await this.#copyAsTheyCame(target, rows);
      if (copied) return copied;
    }
    if (!layout.mayConflict) return await this.#storeWithoutKey(target, rows);
    this.#seen.watch();
    return await this.#storeInOrder(target, rows);
  }

  /** Stores rows that no unique constraint was about, and that COPY failed for. */
  async #storeWithoutKey({ client, account }: Target, rows: RowGroup): Promise<Outcome> {
    // a constraint may have been added, as the consumer asks for
    const table = await this.#database.lookAgain(client);
    const layout = table.layoutOf(rows.layout.columns.map(({ name }) => name));
    const target = { client, table, layout, account };
    const { rows: all, refusals } = decoded(rows);
    const outcome = await new Insertion(target, this.#size).insert(all);
    return await tellWhole(
      target,
      this.#size,
      sum([refused([...rows.refusals, ...refusals]), outcome]),
    );
  }

  /** Copies rows. @returns undefined when that fails. */
  async #copyAsTheyCame(target: Target, rows: RowGroup): Promise<Outcome | undefined> {
    if (!rows.layout.copy) return undefined;
    const copying = this.#copy(target, forCopy(rows), rows.refusals);
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
  async #storeInOrder(target: Target, rows: RowGroup): Promise<Outcome> {
    await Promise.allSettled(this.#unordered);
    const { all, unknown, known, refusals } = sift(rows, this.#seen);
    const dead = [...rows.refusals, ...refusals];
    if (this.#isNew) {
      const isAll = known.count === 0;
      const copied = await this.#copy(target, unknown.data(), isAll ? dead : undefined);
      if (copied) return isAll ? copied : sum([copied, await this.#insert(target, known, dead)]);
    }
    const outcome = await this.#insert(target, all, dead);
    this.#isNew = outcome.inserted + outcome.skipped.length >= unknown.count;
    return outcome;
  }

  /** Copies rows. @param dead as `#storeAtOnce` takes it. @returns undefined when that fails. */
  async #copy(
    target: Target,
    data: CopyInput,
    dead: readonly Refusal[] | undefined,
  ): Promise<Outcome | undefined> {
    const { client, layout } = target;
    const { copy: statements } = layout;
    if (statements === undefined) return undefined;
    const count = rowsIn(data);
    return await this.#storeAtOnce(target, count, dead, async () => {
      if (count === 0) return 0;
      const copied = await copy(client, statements, data);
      if (copied < count) throw new LeftOutError();
      return copied;
    });
  }

  /** Inserts the last rows of a group. @param dead what is refused of the group. */
  async #insert(target: Target, rows: OrderedRows, dead: readonly Refusal[]): Promise<Outcome> {
    const inserted = await this.#insertText(target, rows, dead);
    if (inserted) return inserted;
    const outcome = await new Insertion(target, this.#size).insert(rows.decoded());
    return await tellWhole(target, this.#size, sum([refused(dead), outcome]));
  }

  /** Inserts the last rows of a group as one text. @returns undefined where that can't be done. */
  async #insertText(
    target: Target,
    rows: OrderedRows,
    dead: readonly Refusal[],
  ): Promise<Outcome | undefined> {
    const { client, layout } = target;
    const { insertLines } = layout;
    if (rows.count === 0 || insertLines === undefined) return undefined;
    const text = rows.text();
    if (!text) return undefined;
    return await this.#storeAtOnce(target, rows.count, dead, async () => {
      const { rowCount } = await client.query(insertLines, [text]);
      return rowCount ?? 0;
    });
  }

  /**
   * Stores rows in one transaction.
   *
   * @param dead what is refused of the group, where these are its last rows: then the ledger is told
   * of all of it.
   * @param store returns how many rows are inserted.
   * @returns undefined when they are too many, or it fails with what another way may not.
   */
  async #storeAtOnce(
    { client, table, account }: Target,
    count: number,
    dead: readonly Refusal[] | undefined,
    store: () => Promise<number>,
  ): Promise<Outcome | undefined> {
    if (count > this.#size.rows) return undefined;
    const entryOf = (inserted: number) =>
      dead ? account.whole(inserted, dead) : account.part(inserted);
    try {
      const began = performance.now();
      const inserted = await storing(client, table, this.#size.timeout, store, entryOf);
      this.#size.finished(count, performance.now() - began);
      return { ...refused(dead ?? []), inserted, duplicates: count - inserted };
    } catch (error) {
      const verdict = error instanceof LeftOutError ? 'row' : verdictOn(error);
      if (verdict === 'slow') this.#size.tooSlow(count);
      if (!MAY_PASS.has(verdict) || isUnanswered(error)) throw error;
      return undefined;
    }
  }
}

/** What many rows at once fail with, and in order, in parts or row by row may not. */
const MAY_PASS: ReadonlySet<Verdict> = new Set(['row', 'set-up', 'slow', 'conflict']);

/** What COPY takes of a group: plain bodies as they are, of others the rows. */
function forCopy({ bodies }: RowGroup): CopyInput {
  const lines = bodies.flatMap(({ delivery, rows }) => (rows ? [] : [delivery.content]));
  return { ...copyRows(bodies.flatMap(({ rows }) => rows ?? [])), lines };
}
