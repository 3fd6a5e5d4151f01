import type pg from 'pg';
import type { Entry } from '../ledger/entry.ts';
import { writeEntry } from '../ledger/ledger.ts';
import { inTransaction, TakenBackError } from './limits.ts';
import { TableChangedError } from './problem.ts';
import type { Table } from './table.ts';

/** The database left rows out without an error. Nothing is stored, so that one can tell which. */
export class LeftOutError extends TakenBackError {
  override name = 'LeftOutError';
}

/**
 * Stores rows in a transaction of its own, in which the ledger is told of them, too. They have
 * committed when this resolves.
 *
 * @param timeout longest time that the server may work on a statement, in milliseconds.
 * @param store stores the rows.
 * @param entryOf what the ledger is told, given what became of the rows; undefined for nothing.
 * @throws TableChangedError when the table is not what it was when it was looked at: nothing is
 * stored; SetUpError when the ledger can't be written; the error of pg. When that is a
 * DatabaseError, the connection can be used further.
 */
export async function storing<T>(
  client: pg.ClientBase,
  table: Table,
  timeout: number,
  store: () => Promise<T>,
  entryOf: (result: T) => Entry | undefined,
): Promise<T> {
  return await inTransaction(client, timeout, async () => {
    const result = await store();
    // whoever changes the table waits for its lock, until the commit
    const { rows } = await client.query<{ fingerprint: string }>(table.fingerprintQuery);
    if (rows[0]?.fingerprint !== table.fingerprint) throw new TableChangedError();
    const entry = table.hasLedger ? entryOf(result) : undefined;
    if (entry) await writeEntry(client, entry);
    return result;
  });
}
