import pg from 'pg';
import { codeOf } from '@csv2db/libs/errors.ts';

/**
 * What an error of the database means for the rows that met it. Classes and codes:
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 *
 * - `row`: the fault lies in the values of a row, for good. The row is dead-lettered.
 * - `conflict`: other transactions were in the way. The same is tried again at once.
 * - `outage`: the fault lies with the server or the way to it, or with the database's set-up, which a
 *   person may mend. The same is tried again until it works.
 * - `defect`: the error is not one of the database at all.
 */
export type Verdict = 'row' | 'conflict' | 'outage' | 'defect';

const VERDICTS: readonly [sqlstate: RegExp, verdict: Verdict][] = [
  [/^22/, 'row'], // data exception: NUL, invalid text, value too long
  [/^23/, 'row'], // a constraint other than the email's, which is no error
  [/^54000/, 'row'], // program limit exceeded: an email too long for the index
  [/^40001/, 'conflict'], // serialization failure
  [/^40P01/, 'conflict'], // deadlock detected
  // What is left is an outage, among others: 08 connection, 25006 read-only, 28 authorization, 3D000 and
  // 42P01 no such database or table, 42501 privileges, 53 out of disk, memory or connections, 55P03
  // lock timeout, 57 shutdown, start-up or timeout, 58 system error, and errors of the socket.
];

/** What a failed statement or connection means for the rows that it was to store. */
export function verdictOn(error: unknown): Verdict {
  if (error instanceof TypeError || error instanceof RangeError) return 'defect';
  // of the socket, or a time limit of pg
  if (!(error instanceof pg.DatabaseError)) return 'outage';
  const sqlstate = error.code ?? '';
  return VERDICTS.find(([pattern]) => pattern.test(sqlstate))?.[1] ?? 'outage';
}

/** Whether a connection failed for a reason that waiting does not mend: a wrong flag, or no migration. */
export function isMisconfiguration(error: unknown): boolean {
  return /^(28P01|28000|3D000|42P01)$/.test(codeOf(error) ?? '');
}
