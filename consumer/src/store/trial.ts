import { toCsv } from '@csv2db/libs/csv/records.ts';
import { isCsv } from '@csv2db/libs/message.ts';
import pg from 'pg';
import type { Refusal, Row } from '../batch.ts';
import { inTransaction, TAKE_BACK } from '../database/limits.ts';
import { type Verdict, verdictOf, verdictOn } from '../database/sqlstate.ts';
import type { Trial } from '../database/trial.ts';
import { columnsOf } from './columns.ts';
import type { Target } from './target.ts';

/** Why the database refuses a row, by itself or with those it was tried with. */
export interface Refused {
  row: Row;
  sqlstate: string;
  reason: string;
}

/** What a trial finds out. */
export interface Tried {
  /** The rows that are not refused, in an order in which the database takes them. */
  taken: Row[];
  refused: Refused[];
}

/** How rows are tried. */
export interface Way {
  /** How many of some rows are tried together; where they are refused, fewer are. */
  sizes: (count: number) => number[];
  /** Whether rows that are taken stay for the others, which are tried anew then. */
  isKept: boolean;
}

/** Each row by itself. */
export const ALONE: Way = { sizes: () => [16, 1], isKept: false };

/** Each row beside those that were taken before it. */
export const IN_TURN: Way = { sizes: () => [1], isKept: true };

/** A half of two rows or more, then a half of one that is refused, down to each by itself. */
export const IN_HALVES: Way = {
  sizes: (count) => {
    const sizes: number[] = [];
    for (let size = count; size > 1;) sizes.push((size = Math.ceil(size / 2)));
    return sizes;
  },
  isKept: false,
};

/** What keeps the trial itself from ending, such as a trigger that ends the transaction. */
const NO_TRIAL: ReadonlySet<Verdict> = new Set(['row', 'set-up', 'slow']);

/**
 * Tries rows in the database. Nothing is stored.
 *
 * @param trial what is tried; undefined where nothing can be.
 * @param timeout longest time that the server may work on a statement, in milliseconds.
 * @param blamed errors of these are those of a row; with any other one it counts as taken.
 * @returns none as refused, too, where they can't be told.
 * @throws the error of pg, when it is one of the server or the way to it.
 */
export async function tryRows(
  client: Target['client'],
  trial: Trial | undefined,
  timeout: number,
  rows: readonly Row[],
  { sizes, isKept }: Way,
  blamed: ReadonlySet<Verdict>,
): Promise<Tried> {
  const untold = { taken: [...rows], refused: [] };
  if (trial === undefined || rows.length === 0) return untold;
  const tryThem = async (): Promise<Tried> => {
    await client.query(trial.give, [...columnsOf(rows), sizes(rows.length), isKept]);
    await client.query(trial.run);
    const { rows: kept } = await client.query<{ place: number }>(trial.taken);
    const { rows: refused } = await client.query<Omit<Refused, 'row'> & { place: number }>(
      trial.refused,
    );
    const found = refused.flatMap(({ place, ...why }) => {
      const row = rows[place];
      return row && blamed.has(verdictOf(why.sqlstate)) ? [{ row, ...why }] : [];
    });
    // the others keep the order of their keys
    const taken = new Set([...kept.flatMap(({ place }) => rows[place] ?? []), ...rows]);
    for (const { row } of found) taken.delete(row);
    return { taken: [...taken], refused: found };
  };
  try {
    return await inTransaction(client, timeout, tryThem, TAKE_BACK);
  } catch (error) {
    if (error instanceof pg.DatabaseError && NO_TRIAL.has(verdictOn(error))) return untold;
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
