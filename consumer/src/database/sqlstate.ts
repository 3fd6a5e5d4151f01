import pg from 'pg';

/**
 * What an error of the database means for the rows that met it. Classes and codes:
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 *
 * - `outage`: it says something about the server or the way to it. The same is tried again until it
 *   works.
 * - `conflict`: other transactions were in the way. The same is tried again at once.
 * - `slow`: it was too much for the time or the memory there is. Less is tried.
 * - `set-up`: a table, a right or a function is not as it has to be. When every row meets it, a
 *   person has to mend that, and the same is tried until then. When only some do, it is as for
 *   `row`.
 * - `row`: the values of a row are refused, for good. The row is dead-lettered.
 * - `defect`: the error is not one of the database at all.
 */
export type Verdict = 'outage' | 'conflict' | 'slow' | 'set-up' | 'row' | 'defect';

/**
 * The first that matches counts; a code that none matches, such as one of a trigger's own, is
 * `row`.
 */
const VERDICTS: readonly [sqlstate: RegExp, verdict: Verdict][] = [
  [/^57014/, 'slow'], // query canceled, as by its time limit
  [/^25P04/, 'slow'], // the transaction's time limit, since PostgreSQL 17
  [/^53200/, 'slow'], // out of memory
  [/^40/, 'conflict'], // serialization failure, deadlock
  [/^08/, 'outage'], // connection
  [/^25006/, 'outage'], // read-only: a standby, or a disk that is almost full
  [/^25P03/, 'outage'], // the transaction was idle for too long: nothing came through
  [/^25P02/, 'outage'], // the transaction failed before: another connection is another transaction
  [/^26000/, 'outage'], // a prepared statement is gone: a pooler has changed the connection
  [/^53/, 'outage'], // out of disk or connections
  [/^55P03/, 'outage'], // a lock that somebody holds for long
  [/^57/, 'outage'], // shutdown, start-up, crash
  [/^58/, 'outage'], // system error, such as of the disk
  [/^XX00[12]/, 'outage'], // data or index corrupted
  [/^0A/, 'set-up'], // not supported, as ON CONFLICT where there are rules
  [/^25/, 'set-up'], // invalid transaction state
  [/^28/, 'set-up'], // the user is refused
  [/^2B/, 'set-up'], // dependent privileges
  [/^39/, 'set-up'], // a trigger that breaks its protocol
  [/^3D/, 'set-up'], // no such database
  [/^3F/, 'set-up'], // no such schema
  [/^42/, 'set-up'], // no such table, column or function, no right, no unique index, wrong syntax
  [/^55/, 'set-up'], // an object that is not in the state for it
  [/^F0/, 'set-up'], // configuration file
  [/^HV/, 'set-up'], // foreign data wrapper
  [/^XX/, 'set-up'], // internal error
];

/** What a failed statement or connection means for the rows that it was to store. */
export function verdictOn(error: unknown): Verdict {
  if (error instanceof TypeError || error instanceof RangeError) return 'defect';
  if (error instanceof pg.DatabaseError) return verdictOf(error.code ?? '');
  return isUnanswered(error) ? 'slow' : 'outage';
}

/** What an SQLSTATE means for the rows that met it. */
export function verdictOf(sqlstate: string): Verdict {
  return VERDICTS.find(([pattern]) => pattern.test(sqlstate))?.[1] ?? 'row';
}

/**
 * Whether pg gave a statement up that was not answered in time: its connection is of no more use.
 */
export function isUnanswered(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}
