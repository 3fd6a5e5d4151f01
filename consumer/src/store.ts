import pg from 'pg';
import type { Refusal, Row } from './decode.ts';

/** What became of a batch: every row was inserted, is a duplicate, or was refused. */
export interface Stored {
  inserted: number;
  /** Rows whose email was in the table already, or earlier in the batch. */
  duplicates: number;
  refusals: Refusal[];
}

/**
 * Inserts the rows that are new, in one statement; it has committed when this resolves. A row that
 * the database refuses for good does not take the others down: the batch is halved until that row
 * stands alone.
 *
 * @throws the error of pg when the fault is not in the rows: then nothing may be acknowledged.
 */
export async function store(pool: pg.Pool, rows: readonly Row[]): Promise<Stored> {
  if (rows.length === 0) return { inserted: 0, duplicates: 0, refusals: [] };
  const client = await pool.connect();
  let failure: Error | undefined;
  // a connection that is lost rejects the query that waits for it
  client.on('error', onError);
  try {
    // in one order for all writers, which otherwise deadlock on emails that they share
    const sorted = rows.toSorted((a, b) => compare(a.contact.email, b.contact.email));
    return await insert(client, sorted);
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    client.off('error', onError);
    client.release(failure);
  }
}

function onError(): void {}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const INSERT = {
  name: 'insert-contacts',
  text: `INSERT INTO contacts (name, email)
         SELECT * FROM unnest($1::text[], $2::text[])
         ON CONFLICT (email) DO NOTHING`,
};

async function insert(client: pg.PoolClient, rows: readonly Row[]): Promise<Stored> {
  try {
    const { rowCount } = await client.query({
      ...INSERT,
      values: [rows.map(({ contact }) => contact.name), rows.map(({ contact }) => contact.email)],
    });
    const inserted = rowCount ?? 0;
    return { inserted, duplicates: rows.length - inserted, refusals: [] };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const [only] = rows;
    if (only && rows.length === 1) {
      const reason = `${error.message} (SQLSTATE ${error.code})`;
      return { inserted: 0, duplicates: 0, refusals: [{ delivery: only.delivery, reason }] };
    }
    const middle = rows.length >> 1;
    const left = await insert(client, rows.slice(0, middle));
    const right = await insert(client, rows.slice(middle));
    return {
      inserted: left.inserted + right.inserted,
      duplicates: left.duplicates + right.duplicates,
      refusals: [...left.refusals, ...right.refusals],
    };
  }
}

/**
 * Whether the fault lies in a row's values, so that trying again can't help: data exceptions (class
 * 22), constraint violations (23) and a value too large for the index (54000).
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
function isRefusal(error: unknown): error is pg.DatabaseError {
  return error instanceof pg.DatabaseError && /^(22|23|54000)/.test(error.code ?? '');
}
