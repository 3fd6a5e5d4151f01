import type pg from 'pg';
import type { Outcome } from '../batch.ts';
import type { Layout } from '../database/layout.ts';
import { storing } from '../database/storing.ts';
import type { Table } from '../database/table.ts';
import type { Account } from '../ledger/account.ts';
import type { StatementSize } from './statement-size.ts';

/** Where rows of one import and of the same columns go, and who keeps account of them. */
export interface Target {
  client: pg.PoolClient;
  table: Table;
  layout: Layout;
  account: Account;
}

/**
 * Tells the ledger what became of a whole group whose rows have committed.
 *
 * @throws TableChangedError when something is refused for what the table was before.
 */
export async function tellWhole(
  { client, table, account }: Omit<Target, 'layout'>,
  { timeout }: StatementSize,
  outcome: Outcome,
): Promise<Outcome> {
  const { refusals, skipped } = outcome;
  if (!table.hasLedger && refusals.length === 0) return outcome;
  const whole = () => account.whole(0, refusals, skipped);
  await storing(client, table, timeout, () => Promise.resolve(), whole);
  return outcome;
}
