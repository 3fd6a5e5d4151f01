import pg from 'pg';
import { TransientError } from '@csv2db/libs/errors.ts';
import type { Outcome, Refusal, Row } from '../batch.ts';
import { isUnanswered, verdictOn } from '../database/sqlstate.ts';
import type { Table } from '../database/table.ts';
import type { StatementSize } from './statement-size.ts';

/** How many rows, from all over a batch, tell whether the database takes any. */
const SAMPLE = 8;

/** What became of all the rows, given what became of parts of them. */
export function sum(parts: readonly Outcome[]): Outcome {
  const total: Outcome = { inserted: 0, duplicates: 0, skipped: 0, refusals: [] };
  for (const { inserted, duplicates, skipped, refusals } of parts) {
    total.inserted += inserted;
    total.duplicates += duplicates;
    total.skipped += skipped;
    total.refusals.push(...refusals);
  }
  return total;
}

/** Inserts the rows of one batch that are new. */
export class Insertion {
  readonly #client: pg.PoolClient;
  readonly #table: Table;
  readonly #size: StatementSize;
  /** Whether the database has taken a row of the batch: then the table is as it has to be. */
  #hasWorked = false;

  constructor(client: pg.PoolClient, table: Table, size: StatementSize) {
    this.#client = client;
    this.#table = table;
    this.#size = size;
  }

  /**
   * Inserts rows in as few statements as finish in time; they have committed when this resolves. A row
   * that the database refuses for good does not take the others down: what fails is halved until that row
   * stands alone.
   *
   * @throws the error of pg when the fault is not in the rows, among others when none of them is taken
   * for a fault of the table; TransientError when a single row does not finish in time. Then nothing may
   * be acknowledged.
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
          if (!this.#hasWorked) return await this.#insertSample(rows, error);
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
    const emails = rows.map(({ contact }) => contact.email);
    const names = rows.map(({ contact }) => contact.name);
    const inserted = await this.#commit(this.#table.insert, [names, emails]);
    this.#size.finished(rows.length, performance.now() - began);
    this.#hasWorked = true;
    const missing = rows.length - inserted;
    const skipped = missing === 0 ? 0 : Math.min(missing, await this.#countAbsent(emails));
    return { inserted, duplicates: missing - skipped, skipped, refusals: [] };
  }

  /** Runs a statement within its limits. @returns the number of rows that the database counted. */
  async #commit(text: string, values: string[][]): Promise<number> {
    await this.#client.query(`BEGIN; ${this.#size.limits}`);
    try {
      const { rowCount } = await this.#client.query(text, values);
      await this.#client.query('COMMIT');
      return rowCount ?? 0;
    } catch (error) {
      // another error is one of the connection, which is not used again
      if (error instanceof pg.DatabaseError) await this.#client.query('ROLLBACK');
      throw error;
    }
  }

  /** Rows that are not inserted are duplicates, except for those that are still not there. */
  async #countAbsent(emails: string[]): Promise<number> {
    const { countAbsent } = this.#table;
    if (countAbsent === undefined) return 0;
    const { rows } = await this.#client.query<{ absent: number }>(countAbsent, [emails]);
    return rows[0]?.absent ?? 0;
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
   * Tells whether the fault is the table's, which every row meets, or that of some rows: single rows are
   * tried, others at each retry. Halving thousands down to each would flood the server's log.
   */
  async #insertSample(rows: readonly Row[], error: pg.DatabaseError): Promise<Outcome> {
    if (rows.length === 1) throw error;
    const step = Math.ceil(rows.length / SAMPLE);
    const first = Math.floor(Math.random() * step);
    const isSampled = (_: Row, index: number): boolean => index % step === first;
    const outcomes: Outcome[] = [];
    for (const row of rows.filter(isSampled)) outcomes.push(await this.#insertOne(row));
    if (!this.#hasWorked) throw error;
    outcomes.push(await this.insert(rows.filter((row, index) => !isSampled(row, index))));
    return sum(outcomes);
  }

  async #insertOne(row: Row): Promise<Outcome> {
    try {
      return await this.#insertAll([row]);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError) || !isAboutRows(error)) throw error;
      return { ...NOTHING, refusals: [refusal(row, error)] };
    }
  }
}

const NOTHING = { inserted: 0, duplicates: 0, skipped: 0 };

function isAboutRows(error: pg.DatabaseError): boolean {
  const verdict = verdictOn(error);
  return verdict === 'row' || verdict === 'set-up';
}

function refusal({ contact, delivery, index }: Row, { message, code }: pg.DatabaseError): Refusal {
  const part = index === undefined ? undefined : { index, value: contact };
  return { delivery, part, reason: message, sqlstate: code };
}
