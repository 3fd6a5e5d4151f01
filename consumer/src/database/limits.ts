import pg from 'pg';

/**
 * How long a statement may wait for a lock, as part of its time limit. It ends with an error of its
 * own, and is not taken for one that has too much to do.
 */
const LOCK = 3 / 4;

/**
 * The SQL that bounds what follows it in the same transaction, and the pauses between. Nothing is
 * set for the session: a pooler may give it to somebody else.
 *
 * @param timeout longest time that the server may work on a statement, in milliseconds.
 */
function limits(timeout: number): string {
  const lockTimeout = Math.ceil(timeout * LOCK);
  return (
    `SET LOCAL statement_timeout = ${timeout}; SET LOCAL lock_timeout = ${lockTimeout}; ` +
    // where the way to the client is cut without a sign, its locks would be held for hours
    `SET LOCAL idle_in_transaction_session_timeout = ${timeout}`
  );
}

/** Rolls back, once the constraints and triggers that wait for a commit have been tried, too. */
export const TAKE_BACK = 'SET CONSTRAINTS ALL IMMEDIATE; ROLLBACK';

/** Thrown by the work of a transaction to have it rolled back; the connection can be used further. */
export class TakenBackError extends Error {
  override name = 'TakenBackError';
}

/**
 * Does work within limits, in a transaction.
 *
 * @param end how it has ended when this resolves.
 * @throws the error of pg; when it is a DatabaseError, the connection can be used further. What
 * else the work threw.
 */
export async function inTransaction<T>(
  client: pg.ClientBase,
  timeout: number,
  work: () => Promise<T>,
  end: 'COMMIT' | typeof TAKE_BACK = 'COMMIT',
): Promise<T> {
  // what is looked up behind a statement that waited has to be what is there by then
  await client.query(`BEGIN ISOLATION LEVEL READ COMMITTED; ${limits(timeout)}`);
  try {
    const result = await work();
    await client.query(end);
    return result;
  } catch (error) {
    // any other error is one of the connection, which can't roll back, nor has to
    if (error instanceof pg.DatabaseError || error instanceof TakenBackError) {
      await client.query('ROLLBACK').catch(ignore);
    }
    throw error;
  }
}

/** Runs one statement as `inTransaction` does. */
export async function runWithin<R extends pg.QueryResultRow>(
  client: pg.ClientBase,
  timeout: number,
  text: string,
  values: readonly (string | Buffer | null | readonly (string | null)[])[] = [],
  end?: 'COMMIT' | typeof TAKE_BACK,
): Promise<pg.QueryResult<R>> {
  return await inTransaction(client, timeout, () => client.query<R>(text, [...values]), end);
}

/** The server has closed the connection with the error that is thrown. */
function ignore(): void {}
