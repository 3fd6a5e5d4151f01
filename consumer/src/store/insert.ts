import pg from 'pg';
import type { Refusal, Row } from '../batch.ts';
import { verdictOn } from './sqlstate.ts';

/** What became of rows: each was inserted, is a duplicate, or was refused. */
export interface Inserted {
  inserted: number;
  /** Rows whose email was in the table already, or earlier among these. */
  duplicates: number;
  refusals: Refusal[];
}

/** What became of all the rows, given what became of parts of them. */
export function sum(parts: readonly Inserted[]): Inserted {
  return {
    inserted: parts.reduce((total, { inserted }) => total + inserted, 0),
    duplicates: parts.reduce((total, { duplicates }) => total + duplicates, 0),
    refusals: parts.flatMap(({ refusals }) => refusals),
  };
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
export async function insert(client: pg.PoolClient, rows: readonly Row[]): Promise<Inserted> {
  if (rows.length === 0) return sum([]);
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
      return { inserted: 0, duplicates: 0, refusals: [refusal(only, error)] };
    }
    const middle = rows.length >> 1;
    return sum([
      await insert(client, rows.slice(0, middle)),
      await insert(client, rows.slice(middle)),
    ]);
  }
}

function refusal({ contact, delivery, index }: Row, { message, code }: pg.DatabaseError): Refusal {
  const part = index === undefined ? undefined : { index, value: contact };
  return { delivery, part, reason: message, sqlstate: code };
}
