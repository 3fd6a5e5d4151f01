import { TransientError } from '@csv2db/libs/errors.ts';
import pg from 'pg';
import { type Outcome, refused, type Row, sum } from '../batch.ts';
import { runWithin } from '../database/limits.ts';
import { isUnanswered, type Verdict, verdictOn } from '../database/sqlstate.ts';
import { storing } from '../database/storing.ts';
import { columnsOf } from './columns.ts';
import { Faults } from './faults.ts';
import { insertApart, insertInHalves, refusedFor, type Steps } from './refused.ts';
import type { StatementSize } from './statement-size.ts';
import type { Target } from './target.ts';
import { ALONE, refusal, tryRows } from './trial.ts';

const BY_ROW: ReadonlySet<Verdict> = new Set(['row']);
/** Where nothing is wrong with the table, what else may be wrong with a row. */
const BY_ROW_OR_SET_UP: ReadonlySet<Verdict> = new Set(['row', 'set-up']);

/** Inserts the rows of one batch that are new. */
export class Insertion {
  readonly #target: Target;
  readonly #size: StatementSize;
  readonly #faults: Faults;

  constructor(target: Target, size: StatementSize) {
    this.#target = target;
    this.#size = size;
    this.#faults = new Faults(target, size.timeout);
  }

  /**
   * Inserts rows in as few statements as finish in time; they have committed when this resolves. A
   * row that the database refuses for good does not take the others down.
   *
   * @throws the error of pg when the fault is not in the rows, but in the table, the server or the
   * way to it; TransientError when a single row does not finish in time. Then nothing may be
   * acknowledged.
   */
  async insert(rows: readonly Row[]): Promise<Outcome> {
    const outcomes: Outcome[] = [];
    for (let done = 0; done < rows.length;) {
      const part = rows.slice(done, done + this.#size.rows);
      outcomes.push(await this.#insertOrDivide(part));
      done += part.length;
    }
    return sum(outcomes);
  }

  async #insertOrDivide(rows: readonly Row[]): Promise<Outcome> {
    try {
      return await this.#insertAll(rows);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) {
        if (isUnanswered(error)) this.#size.tooSlow(rows.length);
        throw error;
      }
      switch (verdictOn(error)) {
        case 'slow':
          return await this.#insertLess(rows, error);
        case 'set-up':
          return await this.#insertSound(rows, error);
        case 'row':
          return await insertApart(rows, error, this.#steps(BY_ROW));
        default:
          throw error;
      }
    }
  }

  /** Inserts rows in one statement. */
  async #insertAll(rows: readonly Row[]): Promise<Outcome> {
    const began = performance.now();
    const inserted = await this.#commit(rows);
    this.#size.finished(rows.length, performance.now() - began);
    this.#faults.isTaken ||= inserted > 0;
    const missing = rows.length - inserted;
    const skipped = missing === 0 ? [] : (await this.#absent(rows)).slice(-missing);
    return { inserted, duplicates: missing - skipped.length, skipped, refusals: [] };
  }

  /** @returns how many rows the database says that it inserted. */
  async #commit(rows: readonly Row[]): Promise<number> {
    const { client, table, layout, account } = this.#target;
    const insert = async (): Promise<number> => {
      const { rowCount } = await client.query(layout.insert, columnsOf(rows));
      return rowCount ?? 0;
    };
    return await storing(client, table, this.#size.timeout, insert, (count) => account.part(count));
  }

  /**
   * Rows that are not inserted are duplicates, except for those that are still not there. They have
   * committed: where looking for them fails, they are taken for duplicates.
   */
  async #absent(rows: readonly Row[]): Promise<Row[]> {
    const { absent, key, mayConflict } = this.#target.layout;
    // which of them were left out, nothing tells
    if (!mayConflict) return [...rows];
    if (absent === undefined) return [];
    try {
      const { timeout } = this.#size;
      const { client } = this.#target;
      const keys = columnsOf(rows, key);
      const found = await runWithin<{ place: number }>(client, timeout, absent, keys);
      return found.rows.flatMap(({ place }) => rows[place] ?? []);
    } catch (error) {
      if (error instanceof pg.DatabaseError) return [];
      throw error;
    }
  }

  async #insertLess(rows: readonly Row[], error: pg.DatabaseError): Promise<Outcome> {
    if (rows.length === 1) {
      const message = `PostgreSQL could not store even a single row within ${this.#size.limit}: ${error.message}`;
      throw new TransientError(message, { cause: error });
    }
    this.#size.tooSlow(rows.length);
    return await this.insert(rows);
  }

  /**
   * Inserts the rows whose values can be read; where all can, and nothing is wrong with the table, those that
   * it takes.
   */
  async #insertSound(rows: readonly Row[], error: pg.DatabaseError): Promise<Outcome> {
    const steps = this.#steps(BY_ROW_OR_SET_UP);
    if (!(await this.#faults.isMisread(rows))) {
      await this.#faults.probe(rows, error);
      return await insertApart(rows, error, steps);
    }
    if (rows.length === 1) return refusedFor(rows, error);
    const { client, layout } = this.#target;
    const { timeout } = this.#size;
    const read = await tryRows(client, layout.readTrial, timeout, rows, ALONE, BY_ROW_OR_SET_UP);
    if (read.refused.length === 0) return await insertInHalves(rows, steps);
    return sum([refused(read.refused.map(refusal)), await this.insert(read.taken)]);
  }

  /** @param blamed which errors in a trial are those of a row. */
  #steps(blamed: ReadonlySet<Verdict>): Steps {
    const { client, layout } = this.#target;
    return {
      insert: (rows) => this.insert(rows),
      attempt: (rows, way) => tryRows(client, layout.trial, this.#size.timeout, rows, way, blamed),
    };
  }
}
