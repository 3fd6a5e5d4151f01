import pg from 'pg';
import type { Refusal, Row } from './decode.ts';
import { verdictOn } from './sqlstate.ts';

/** What became of rows: each was inserted, is a duplicate, or was refused. */
export interface Inserted {
  inserted: number;
  /** Rows whose email was in the table already, or earlier among these. */
  duplicates: number;
  refusals: Refusal[];
}

const INSERT = {
  name: 'insert-contacts',
  text: `INSERT INTO contacts (name, email)
         SELECT * FROM unnest($1::text[], $2::text[])
         ON CONFLICT (email) DO NOTHING`,
};

/**
 * Inserts the rows that are new, in one statement; it has committed when this resolves. A row that
 * the database refuses for good does not take the others down: the batch is halved until that row
 * stands alone.
 *
 * @throws the error of pg when the fault is not in the rows: then nothing may be acknowledged.
 */
export async function insert(pool: pg.Pool, rows: readonly Row[]): Promise<Inserted> {
  if (rows.length === 0) return { inserted: 0, duplicates: 0, refusals: [] };
  const client = await pool.connect();
  let failure: Error | undefined;
  // a connection that is lost rejects the query that waits for it
  client.on('error', ignore);
  try {
    // in one order for all writers, which otherwise deadlock on emails that they share
    const sorted = rows.toSorted((a, b) => compare(a.contact.email, b.contact.email));
    return await insertOrHalve(client, sorted);
  } catch (error) {
    // whatever went wrong, this connection is not used again
    failure = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(failure);
  }
}

function ignore(): void {}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function insertOrHalve(client: pg.PoolClient, rows: readonly Row[]): Promise<Inserted> {
  try {
    const { rowCount } = await client.query({
      ...INSERT,
      values: [rows.map(({ contact }) => contact.name), rows.map(({ contact }) => contact.email)],
    });
    const inserted = rowCount ?? 0;
    return { inserted, duplicates: rows.length - inserted, refusals: [] };
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || verdictOn(error) !== 'row') throw error;
    const [only] = rows;
    if (only && rows.length === 1) {
      const { message, code } = error;
      const refusal = { delivery: only.delivery, reason: message, sqlstate: code };
      return { inserted: 0, duplicates: 0, refusals: [refusal] };
    }
    const middle = rows.length >> 1;
    const left = await insertOrHalve(client, rows.slice(0, middle));
    const right = await insertOrHalve(client, rows.slice(middle));
    return {
      inserted: left.inserted + right.inserted,
      duplicates: left.duplicates + right.duplicates,
      refusals: [...left.refusals, ...right.refusals],
    };
  }
}
