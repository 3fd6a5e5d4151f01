import type pg from 'pg';
import type { Row } from '../batch.ts';
import { runWithin, TAKE_BACK } from '../database/limits.ts';
import { verdictOn } from '../database/sqlstate.ts';
import { columnsOf } from './columns.ts';
import type { Target } from './target.ts';

/** How many rows of a batch tell whether the database takes any. */
const SAMPLE = 8;

/** What a row that nobody sends has in its columns of text; the others are NULL. */
const PROBE = 'probe@csv2db.invalid';

/** Tells whether an error that may be the table's fault is that of some rows. */
export class Faults {
  readonly #target: Pick<Target, 'client' | 'layout'>;
  readonly #timeout: number;
  /** Whether the database is known to take a row of the batch. */
  isTaken = false;

  /** @param timeout longest time that the server may work on a statement, in milliseconds. */
  constructor(target: Pick<Target, 'client' | 'layout'>, timeout: number) {
    this.#target = target;
    this.#timeout = timeout;
  }

  /**
   * Whether a type does not read a value of some rows. It may say so with an error that is a
   * statement's otherwise, as that of `tsquery` does.
   */
  async isMisread(rows: readonly Row[]): Promise<boolean> {
    const { client, layout } = this.#target;
    try {
      await runWithin(client, this.#timeout, layout.read, columnsOf(rows));
      return false;
    } catch (error) {
      const verdict = verdictOn(error);
      if (verdict !== 'row' && verdict !== 'set-up') throw error;
      return true;
    }
  }

  /**
   * Inserts a row that nobody sent, and rolls it back. Halving thousands of rows down to each would
   * flood the server's log; and one that is there already passes where a trigger behind the
   * insertion is broken.
   *
   * @throws the error of pg when any row would meet it.
   */
  async probe(rows: readonly Row[], error: pg.DatabaseError): Promise<void> {
    try {
      const texts = this.#target.layout.columns.map(({ isText }) => [isText ? PROBE : null]);
      await this.#rehearse(texts);
    } catch (probeError) {
      if (verdictOn(probeError) !== 'row') throw probeError;
      // a constraint refuses it before all is tried: then only rows that were sent can tell
      this.isTaken ||= await this.#takesAny(rows);
      if (!this.isTaken) throw error;
    }
  }

  /** Whether the database takes any of some rows from all over. Nothing is stored. */
  async #takesAny(rows: readonly Row[]): Promise<boolean> {
    const step = Math.ceil(rows.length / SAMPLE);
    for (let index = 0; index < rows.length; index += step) {
      try {
        await this.#rehearse(columnsOf(rows.slice(index, index + 1)));
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
    await runWithin(client, this.#timeout, layout.insert, values, TAKE_BACK);
  }
}
