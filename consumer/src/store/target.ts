import type pg from 'pg';
import type { Layout } from '../database/layout.ts';
import type { Table } from '../database/table.ts';
import type { Account } from '../ledger/account.ts';

/** Where rows of one import and of the same columns go, and who keeps account of them. */
export interface Target {
  client: pg.PoolClient;
  table: Table;
  layout: Layout;
  account: Account;
}
