import type pg from 'pg';
import { type Outcome, refused, type Row, sum } from '../batch.ts';
import { ALONE, IN_HALVES, IN_TURN, refusal, type Refused, type Tried, type Way } from './trial.ts';

/** What is done with rows that the database refuses in one statement. */
export interface Steps {
  /** Inserts rows, in this order. */
  insert: (rows: readonly Row[]) => Promise<Outcome>;
  /** Tries rows, and stores none. */
  attempt: (rows: readonly Row[], way: Way) => Promise<Tried>;
}

/** What is wrong with a row whatever there is beside it: types, NOT NULL, CHECK. */
const OF_ITS_OWN = /^(22|23502|23514)/;

/**
 * Inserts the rows that the database takes by themselves, then what it can of the others. Each step has fewer
 * rows than the one before.
 */
export async function insertApart(
  rows: readonly Row[],
  error: pg.DatabaseError,
  steps: Steps,
): Promise<Outcome> {
  if (rows.length === 1) return refusedFor(rows, error);
  const alone = await steps.attempt(rows, ALONE);
  if (alone.refused.length === 0) return await insertInHalves(rows, steps);
  return sum([await steps.insert(alone.taken), await insertInTurn(alone.refused, steps)]);
}

/**
 * Inserts what it can of rows that are refused by themselves: a row may need another one, as a child its parent.
 * Those that may be good beside others come first.
 */
async function insertInTurn(some: readonly Refused[], steps: Steps): Promise<Outcome> {
  const [bad, others] = parted(some);
  if (bad.length > 0 && others.length > 0) {
    return sum([await steps.insert(rowsOf(others)), await insertInTurn(bad, steps)]);
  }
  const inTurn = await steps.attempt(rowsOf(some), IN_TURN);
  if (inTurn.refused.length === 0) return await insertInHalves(inTurn.taken, steps);
  if (inTurn.taken.length === 0) return await insertTogether(inTurn.refused, steps);
  return sum([await steps.insert(inTurn.taken), await insertInTurn(inTurn.refused, steps)]);
}

/**
 * Inserts what it can of rows of which none is taken, whatever is there: they may be good together, but for those
 * that are bad whatever there is beside them.
 */
async function insertTogether(some: readonly Refused[], steps: Steps): Promise<Outcome> {
  const [bad, others] = parted(some);
  if (bad.length > 0) {
    return sum([refused(bad.map(refusal)), await steps.insert(rowsOf(others))]);
  }
  if (some.length === 1) return refused(some.map(refusal));
  const inHalves = await steps.attempt(rowsOf(some), IN_HALVES);
  if (inHalves.refused.length === 0) return await insertInHalves(inHalves.taken, steps);
  if (inHalves.taken.length === 0) return refused(inHalves.refused.map(refusal));
  return sum([await steps.insert(inHalves.taken), await steps.insert(rowsOf(inHalves.refused))]);
}

/** Inserts one half of the rows, then the other one. */
export async function insertInHalves(rows: readonly Row[], { insert }: Steps): Promise<Outcome> {
  const middle = rows.length >> 1;
  return sum([await insert(rows.slice(0, middle)), await insert(rows.slice(middle))]);
}

/** All of the rows are dead, for one reason. */
export function refusedFor(rows: readonly Row[], error: pg.DatabaseError): Outcome {
  const { message: reason, code: sqlstate = '' } = error;
  return refused(rows.map((row) => refusal({ row, reason, sqlstate })));
}

function parted(some: readonly Refused[]): [bad: Refused[], others: Refused[]] {
  const isBad = ({ sqlstate }: Refused): boolean => OF_ITS_OWN.test(sqlstate);
  return [some.filter(isBad), some.filter((one) => !isBad(one))];
}

function rowsOf(some: readonly Refused[]): Row[] {
  return some.map(({ row }) => row);
}
