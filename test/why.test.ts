import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { announce } from '../consumer/test/status/ledger.ts';
import { Sandbox } from './sandbox.ts';

const ENDED = '2026-11-26T15:56:03.000Z';
const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.migrated();
});

afterAll(async () => {
  await sandbox.destroy();
});

beforeEach(async () => {
  await sandbox.pool.query('TRUNCATE csv2db_ledger, csv2db_announcements, contacts');
});

async function why(...args: string[]) {
  const run = sandbox.start('consumer', ['why', ...args]);
  return { status: await run.exit, stdout: run.stdout, stderr: run.stderr };
}

/** Stores emails in the transaction of an entry of the ledger, which tells of rows. */
async function store(importId: string, covered: string, ...emails: string[]): Promise<void> {
  const client = await sandbox.pool.connect();
  await client.query('BEGIN');
  await client.query("INSERT INTO contacts SELECT 'N', unnest($1::text[])", [emails]);
  await client.query('INSERT INTO csv2db_ledger (import, covered, inserted) VALUES ($1, $2, $3)', [
    importId,
    covered,
    emails.length,
  ]);
  await client.query('COMMIT');
  client.release();
}

it('says which import stored a row first, when, and which rows were stored with it', async () => {
  await announce(sandbox.pool, 'one', {});
  await store('one', '{[1,4),[7,8)}', 'a@example.com', 'b@example.com');
  await store('two', '{[1,2)}', 'c@example.com');
  await store('', '{}', 'd@example.com');
  const { status, stdout } = await why('b@example.com');
  expect(status).toBe(0);
  expect(stdout).toMatch(
    new RegExp(
      `^the import one \\(contacts.csv\\) stored it: one of its rows 1-3,7, at ${TIME}\n$`,
    ),
  );
  expect((await why('c@example.com')).stdout).toMatch(/^the import two stored it: /);
  expect((await why('d@example.com')).stdout).toMatch(/^a message that names no import stored it/);
});

it('knows the import when its entries were merged', async () => {
  await announce(sandbox.pool, 'one', { lastRow: 2, ended: ENDED });
  await store('one', '{[1,2)}', 'a@example.com');
  await store('other', '{[1,2)}', 'other@example.com');
  await store('one', '{[2,3)}', 'b@example.com');
  await sandbox.start('consumer', ['status']).succeeds();
  const { rows } = await sandbox.pool.query("SELECT FROM csv2db_ledger WHERE import = 'one'");
  expect(rows).toHaveLength(1);
  for (const email of ['a@example.com', 'b@example.com']) {
    expect((await why(email)).stdout).toMatch(
      new RegExp(`^the import one \\(contacts.csv\\) stored it: no later than ${TIME}\n$`),
    );
  }
  expect((await why('other@example.com')).stdout).toMatch(/^the import other stored it/);
});

it('knows that a row came without an import when those entries were merged', async () => {
  for (let at = 0; at < 3; at += 1) await store('', '{}', `${at}@example.com`);
  await sandbox.pool.query(`
    INSERT INTO csv2db_ledger (import, unnumbered) SELECT '', 1 FROM generate_series(1, 1000);
    UPDATE csv2db_ledger SET recorded = recorded - interval '2 min'`);
  await sandbox.start('consumer', ['status']).succeeds();
  const { rows } = await sandbox.pool.query('SELECT FROM csv2db_ledger');
  expect(rows).toHaveLength(1);
  expect((await why('1@example.com')).stdout).toMatch(
    new RegExp(`^a message that names no import stored it, no later than ${TIME}\n$`),
  );
});

it('says that a row was there before, where no import stored it', async () => {
  await store('one', '{[1,2)}', 'a@example.com');
  await sandbox.pool.query("INSERT INTO contacts VALUES ('N', 'b@example.com')");
  expect(await why('b@example.com')).toEqual({
    status: 0,
    stdout:
      'it was there before, or another program stored it: no import that the ledger knows did\n',
    stderr: '',
  });
});

// cause: a row has the last 32 bits of the id of its transaction, and the server counts on
it('takes no transaction that is yet to come for that of a row', async () => {
  await store('one', '{[1,2)}', 'a@example.com');
  await sandbox.pool.query(
    `INSERT INTO csv2db_ledger (import, inserted, transactions)
     SELECT 'two', 1, int8multirange(int8range(lower(t) + (1::int8 << 32), upper(t) + (1::int8 << 32)))
     FROM csv2db_ledger, unnest(transactions) AS t`,
  );
  expect((await why('a@example.com')).stdout).toMatch(/^the import one stored it: [^\n]*\n$/);
});

it('names each import that it may be', async () => {
  await store('one', '{[1,2)}', 'a@example.com');
  await sandbox.pool.query(
    `INSERT INTO csv2db_ledger (import, inserted, transactions)
     SELECT 'two', 1, transactions FROM csv2db_ledger`,
  );
  expect((await why('a@example.com')).stdout).toMatch(
    /^the import one stored it: [^\n]*, or\nthe import two stored it: [^\n]*\n$/,
  );
});

it('looks into any table that has one unique column', async () => {
  await sandbox.pool.query(
    'CREATE TABLE numbers (number int PRIMARY KEY, note text); CREATE TABLE loose (note text)',
  );
  const client = await sandbox.pool.connect();
  await client.query('BEGIN');
  await client.query('INSERT INTO numbers VALUES (7)');
  await client.query("INSERT INTO csv2db_ledger (import, inserted) VALUES ('one', 1)");
  await client.query('COMMIT');
  client.release();
  expect((await why('7', '--table', 'numbers')).stdout).toMatch(/^the import one stored it: at /);
  expect(await why('8', '--table', 'numbers')).toEqual({
    status: 1,
    stdout: '',
    stderr: 'error: no row of numbers has the number "8"\n',
  });
  expect((await why('8', '--table', 'loose')).stderr).toMatch(
    /^error: loose has no unique column /,
  );
  expect((await why('8', '--table', 'gone')).stderr).toMatch(/^error: there is no table gone in /);
});
