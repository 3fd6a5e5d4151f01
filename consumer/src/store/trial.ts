import pg from 'pg';
import type { Row } from '../batch.ts';
import { inTransaction, TAKE_BACK } from '../database/limits.ts';
import { type Verdict, verdictOf, verdictOn } from '../database/sqlstate.ts';
import { columnsOf } from './columns.ts';
import type { Target } from './target.ts';

/** Why the database refuses a row by itself. */
export interface RefusedAlone {
  row: Row;
  sqlstate: string;
  reason: string;
}

/** What keeps the trial itself from ending, such as a trigger that ends the transaction. */
const NO_TRIAL: ReadonlySet<Verdict> = new Set(['row', 'set-up', 'slow']);

/**
 * Finds the rows whose values the database refuses, each by itself. Nothing is stored.
 *
 * @param timeout longest time that the server may work on a statement, in milliseconds.
 * @returns none, too, where they can't be told.
 * @throws the error of pg, when it is one of the server or the way to it.
 */
export async function refusedAlone(
  { client, layout: { trial } }: Pick<Target, 'client' | 'layout'>,
  timeout: number,
  rows: readonly Row[],
): Promise<RefusedAlone[]> {
  if (trial === undefined) return [];
  const tryThem = async () => {
    await client.query(trial.give, columnsOf(rows));
    await client.query(trial.run);
    return await client.query<{ place: number; sqlstate: string; reason: string }>(trial.read);
  };
  try {
    const { rows: refused } = await inTransaction(client, timeout, tryThem, TAKE_BACK);
    return refused.flatMap(({ place, sqlstate, reason }) => {
      const row = rows[place];
      return row && verdictOf(sqlstate) === 'row' ? [{ row, sqlstate, reason }] : [];
    });
  } catch (error) {
    if (error instanceof pg.DatabaseError && NO_TRIAL.has(verdictOn(error))) return [];
    throw error;
  }
}
