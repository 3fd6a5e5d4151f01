import { toCsv } from '@csv2db/libs/csv/records.ts';
import { isCsv } from '@csv2db/libs/message.ts';
import pg from 'pg';
import type { Refusal, Row } from '../batch.ts';
import { inTransaction, TAKE_BACK } from '../database/limits.ts';
import { type Verdict, verdictOf, verdictOn } from '../database/sqlstate.ts';
import { columnsOf } from './columns.ts';
import type { Target } from './target.ts';

/** Why the database refuses a row, by itself or with those it was tried with. */
export interface Refused {
  row: Row;
  sqlstate: string;
  reason: string;
}

type Trying = Pick<Target, 'client' | 'layout'>;

/** What keeps the trial itself from ending, such as a trigger that ends the transaction. */
const NO_TRIAL: ReadonlySet<Verdict> = new Set(['row', 'set-up', 'slow']);

/** How many rows are tried together; where they are refused, each of them is by itself. */
const AT_ONCE = 16;

/**
 * Finds the rows that the database refuses, each by itself. Nothing is stored.
 *
 * @param timeout longest time that the server may work on a statement, in milliseconds.
 * @returns none, too, where they can't be told.
 * @throws the error of pg, when it is one of the server or the way to it.
 */
export async function refusedAlone(
  target: Trying,
  timeout: number,
  rows: readonly Row[],
): Promise<Refused[]> {
  return await refusedIn([AT_ONCE, 1], target, timeout, rows);
}

/** The same, of two rows or more; those of a half that is taken, or of a half of one that is not, are not refused. */
export async function refusedInHalves(
  target: Trying,
  timeout: number,
  rows: readonly Row[],
): Promise<Refused[]> {
  const sizes: number[] = [];
  for (let size = rows.length; size > 1;) sizes.push((size = Math.ceil(size / 2)));
  return await refusedIn(sizes, target, timeout, rows);
}

async function refusedIn(
  sizes: readonly number[],
  { client, layout: { trial } }: Trying,
  timeout: number,
  rows: readonly Row[],
): Promise<Refused[]> {
  if (trial === undefined) return [];
  const tryThem = async () => {
    await client.query(trial.give, [...columnsOf(rows), sizes]);
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

/** What to tell of a row that is dead. */
export function refusal({ row, reason, sqlstate }: Refused): Refusal {
  const { values, delivery, index, json } = row;
  const value = isCsv(delivery.properties.contentType) ? toCsv([values]).bytes : json;
  const part = index === undefined ? undefined : { index, value };
  return { delivery, part, reason, sqlstate };
}
