import { codeOf, FatalError } from '@csv2db/libs/errors.ts';
import type pg from 'pg';
import { type DatabaseConfig, serverAt } from '../database/address.ts';
import { migrateCommand } from '../database/again.ts';
import { inTransaction } from '../database/limits.ts';

type Value = string | number | readonly string[] | null;

/** Runs a statement. @returns its rows. */
type Query = <R extends pg.QueryResultRow>(text: string, values?: readonly Value[]) => Promise<R[]>;

const UNDEFINED_TABLE = '42P01';

/**
 * Reads from the ledger, in a transaction that writes nothing. To compile these statements takes as
 * long as to run them.
 *
 * @throws FatalError where there is no ledger; the error of pg.
 */
export async function read<T>(
  client: pg.ClientBase,
  config: DatabaseConfig,
  work: (query: Query) => Promise<T>,
): Promise<T> {
  const { statementTimeout, name } = config;
  try {
    return await inTransaction(client, statementTimeout, async () => {
      await client.query('SET TRANSACTION READ ONLY; SET LOCAL jit = off');
      return await work(
        async <R extends pg.QueryResultRow>(text: string, values: readonly Value[] = []) =>
          (await client.query<R>(text, [...values])).rows,
      );
    });
  } catch (error) {
    if (codeOf(error) !== UNDEFINED_TABLE) throw error;
    throw new FatalError(
      `${serverAt(config)} has no ledger in "${name}": create it with ${migrateCommand(config)}`,
      { cause: error },
    );
  }
}
