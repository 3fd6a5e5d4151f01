import { TransientError } from '@csv2db/libs/errors.ts';
import pg from 'pg';
import { type Outcome, refused, type Row, sum } from '../batch.ts';
import { runWithin } from '../database/limits.ts';
import { isUnanswered, verdictOn } from '../database/sqlstate.ts';
import { storing } from '../database/storing.ts';
import { columnsOf } from './columns.ts';
import { Faults } from './faults.ts';
import type { StatementSize } from './statement-size.ts';
import type { Target } from './target.ts';
import { refusal, type Refused, refusedAlone, refusedInHalves } from './trial.ts';

/** What is wrong with a row whatever there is beside it: types, NOT NULL, CHECK. */
const OF_ITS_OWN = /^(22|23502|23514)/;

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
          await this.#faults.check(rows, error);
          return await this.#insertHalves(rows, error);
        case 'row':
          return await this.#insertOthers(rows, error);
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
   * Inserts the rows that the database takes in a trial, then those it refused in it: a row may need
   * another one, as a child its parent. Where it takes none, those are dead that are bad whatever there is
   * beside them, and the others may be good together. Each step has fewer rows than the one before.
   */
  async #insertOthers(rows: readonly Row[], error: pg.DatabaseError): Promise<Outcome> {
    const { timeout } = this.#size;
    const alone = rows.length > 1 ? await refusedAlone(this.#target, timeout, rows) : [];
    if (alone.length < rows.length) return await this.#insertApart(rows, alone, error);
    const bad = alone.filter(({ sqlstate }) => OF_ITS_OWN.test(sqlstate));
    if (bad.length > 0) {
      return sum([refused(bad.map(refusal)), await this.insert(without(rows, bad))]);
    }
    const inHalves = await refusedInHalves(this.#target, timeout, rows);
    if (inHalves.length < rows.length) return await this.#insertApart(rows, inHalves, error);
    return refused(inHalves.map(refusal));
  }

  /** Inserts the rows that are not refused, then the others; where none is, it halves them. */
  async #insertApart(
    rows: readonly Row[],
    some: readonly Refused[],
    error: pg.DatabaseError,
  ): Promise<Outcome> {
    if (some.length === 0) return await this.#insertHalves(rows, error);
    const inserted = await this.insert(without(rows, some));
    return sum([inserted, await this.insert(some.map(({ row }) => row))]);
  }

  /** Halves what fails until a row stands alone. */
  async #insertHalves(rows: readonly Row[], error: pg.DatabaseError): Promise<Outcome> {
    const [only] = rows;
    if (only && rows.length === 1) {
      const { message: reason, code: sqlstate = '' } = error;
      return refused([refusal({ row: only, reason, sqlstate })]);
    }
    const middle = rows.length >> 1;
    return sum([await this.insert(rows.slice(0, middle)), await this.insert(rows.slice(middle))]);
  }
}

function without(rows: readonly Row[], some: readonly Refused[]): Row[] {
  const out = new Set(some.map(({ row }) => row));
  return rows.filter((row) => !out.has(row));
}
