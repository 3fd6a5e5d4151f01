import { toCsv } from '@csv2db/libs/csv/records.ts';
import { TransientError } from '@csv2db/libs/errors.ts';
import { isCsv } from '@csv2db/libs/message.ts';
import pg from 'pg';
import { type Outcome, type Refusal, type Row, sum } from '../batch.ts';
import { runWithin, TAKE_BACK } from '../database/limits.ts';
import { isUnanswered, verdictOn } from '../database/sqlstate.ts';
import { storing } from '../database/storing.ts';
import type { StatementSize } from './statement-size.ts';
import type { Target } from './target.ts';

/** Inserts the rows of one batch that are new. */
export class Insertion {
  readonly #target: Target;
  readonly #size: StatementSize;
  /** Whether the database is known to take a row of the batch. */
  #isTaken = false;

  constructor(target: Target, size: StatementSize) {
    this.#target = target;
    this.#size = size;
  }

  /**
   * Inserts rows in as few statements as finish in time; they have committed when this resolves. A
   * row that the database refuses for good does not take the others down: what fails is halved
   * until that row stands alone.
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
          if (!(await this.#isMisread(rows))) await this.#probe(rows, error);
          return await this.#insertHalves(rows, error);
        case 'row':
          return await this.#insertHalves(rows, error);
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
    this.#isTaken ||= inserted > 0;
    const missing = rows.length - inserted;
    const skipped = missing === 0 ? [] : (await this.#absent(rows)).slice(-missing);
    return { inserted, duplicates: missing - skipped.length, skipped, refusals: [] };
  }

  /** @returns how many rows the database says that it inserted. */
  async #commit(rows: readonly Row[]): Promise<number> {
    const { client, table, layout, account } = this.#target;
    const insert = async (): Promise<number> => {
      const { rowCount } = await client.query(layout.insert, this.#columnsOf(rows));
      return rowCount ?? 0;
    };
    return await storing(client, table, this.#size.timeout, insert, (count) => account.part(count));
  }

  /** The values of rows, column by column. */
  #columnsOf(
    rows: readonly Row[],
    places: readonly number[] = [...this.#target.layout.columns.keys()],
  ): (string | null)[][] {
    return places.map((place) => rows.map(({ values }) => values[place] ?? null));
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
      const keys = this.#columnsOf(rows, key);
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

  async #insertHalves(rows: readonly Row[], error: pg.DatabaseError): Promise<Outcome> {
    const [only] = rows;
    if (only && rows.length === 1) return sum([{ ...NOTHING, refusals: [refusal(only, error)] }]);
    const middle = rows.length >> 1;
    return sum([await this.insert(rows.slice(0, middle)), await this.insert(rows.slice(middle))]);
  }

  /**
   * Whether a type does not read a value of some rows. It may say so with an error that is a
   * statement's otherwise, as that of `tsquery` does.
   */
  async #isMisread(rows: readonly Row[]): Promise<boolean> {
    const { client, layout } = this.#target;
    try {
      const values = this.#columnsOf(rows);
      await runWithin(client, this.#size.timeout, layout.read, values);
      return false;
    } catch (error) {
      const verdict = verdictOn(error);
      if (verdict !== 'row' && verdict !== 'set-up') throw error;
      return true;
    }
  }

  /**
   * Tells whether rows meet a fault that any row would meet: inserts one that nobody sent, and
   * rolls it back. Halving thousands of rows down to each would flood the server's log; and one
   * that is there already passes where a trigger behind the insertion is broken.
   *
   * @throws the error of pg when it is not taken: the fault is the table's.
   */
  async #probe(rows: readonly Row[], error: pg.DatabaseError): Promise<void> {
    try {
      const texts = this.#target.layout.columns.map(({ isText }) => [isText ? PROBE : null]);
      await this.#rehearse(texts);
    } catch (probeError) {
      if (verdictOn(probeError) !== 'row') throw probeError;
      // a constraint refuses it before all is tried: then only rows that were sent can tell
      this.#isTaken ||= await this.#takesAny(rows);
      if (!this.#isTaken) throw error;
    }
  }

  /** Whether the database takes any of some rows from all over. Nothing is stored. */
  async #takesAny(rows: readonly Row[]): Promise<boolean> {
    const step = Math.ceil(rows.length / SAMPLE);
    for (let index = 0; index < rows.length; index += step) {
      try {
        await this.#rehearse(this.#columnsOf(rows.slice(index, index + 1)));
        return true;
      } catch (error) {
        const verdict = verdictOn(error);
        if (verdict !== 'row' && verdict !== 'set-up') throw error;
      }
    }
    return false;
  }

  /** Inserts rows, and takes that back. */
  async #rehearse(values: (string | null)[][]): Promise<void> {
    const { client, layout } = this.#target;
    await runWithin(client, this.#size.timeout, layout.insert, values, TAKE_BACK);
  }
}

/** How many rows of a batch tell whether the database takes any. */
const SAMPLE = 8;

/** What a row that nobody sends has in its columns of text; the others are NULL. */
const PROBE = 'probe@csv2db.invalid';

const NOTHING = { inserted: 0, duplicates: 0, skipped: [] };

function refusal(row: Row, { message, code }: pg.DatabaseError): Refusal {
  const { values, delivery, index, json } = row;
  const value = isCsv(delivery.properties.contentType) ? toCsv([values]).bytes : json;
  const part = index === undefined ? undefined : { index, value };
  return { delivery, part, reason: message, sqlstate: code };
}
