import { beforeEach, describe, expect, it } from 'vitest';
import { finish } from './finish.ts';
import { Sandbox, until } from './sandbox.ts';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await Sandbox.migrated();
  return () => sandbox.destroy();
});

async function send(...emails: string[]): Promise<void> {
  for (const email of emails) await sandbox.send(JSON.stringify({ name: 'N', email }));
}

/** Runs a consumer until the queue is empty. @returns its totals. */
async function consume(): Promise<Record<string, unknown>> {
  const consumer = sandbox.start('consumer', ['--parallel', '1']);
  return await finish(sandbox, consumer);
}

describe('each row is stored once, and what was stored before is a duplicate, in', () => {
  it.each<[string, string]>([
    [
      'a view of a table',
      `ALTER TABLE contacts RENAME TO contacts_t;
       CREATE VIEW contacts AS SELECT name, email FROM contacts_t`,
    ],
    [
      'a partitioned table',
      `DROP TABLE contacts;
       CREATE TABLE contacts (name text, email text UNIQUE) PARTITION BY HASH (email);
       CREATE TABLE contacts_0 PARTITION OF contacts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
       CREATE TABLE contacts_1 PARTITION OF contacts FOR VALUES WITH (MODULUS 2, REMAINDER 1)`,
    ],
    [
      'a table with columns of other types',
      `DROP TABLE contacts; CREATE TYPE mood AS ENUM ('N', 'M');
       CREATE TABLE contacts (id serial PRIMARY KEY, email varchar(80) NOT NULL UNIQUE, name mood,
         since timestamptz NOT NULL DEFAULT now(), size int GENERATED ALWAYS AS (length(email)) STORED)`,
    ],
    [
      'a table whose trigger fills a column in',
      `ALTER TABLE contacts ADD since date NOT NULL;
       CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql
         AS 'BEGIN NEW.since := now(); RETURN NEW; END';
       CREATE TRIGGER t BEFORE INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION f()`,
    ],
  ])('%s', async (_, sql) => {
    await sandbox.pool.query(sql);
    await send('a@example.com', 'b@example.com', 'a@example.com');
    expect(await consume()).toMatchObject({ inserted: 2, duplicates: 1, skipped: 0, dead: 0 });
    await send('a@example.com', 'c@example.com');
    expect(await consume()).toMatchObject({ inserted: 1, duplicates: 1, skipped: 0, dead: 0 });
    expect(await sandbox.countContacts()).toBe(3);
  });

  it('a column of citext, where case does not count', async () => {
    await sandbox.pool.query(
      'CREATE EXTENSION citext; ALTER TABLE contacts ALTER email TYPE citext',
    );
    await send('kim@example.com', 'Kim@Example.com');
    expect(await consume()).toMatchObject({ inserted: 1, duplicates: 1, skipped: 0, dead: 0 });
  });
});

// they were counted as inserted
describe('rows that a trigger leaves out are counted as skipped by the database,', () => {
  beforeEach(async () => {
    await sandbox.pool.query(`
      CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN IF NEW.email LIKE ''skip%'' THEN RETURN NULL; END IF; RETURN NEW; END';
      CREATE TRIGGER skip BEFORE INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION skip()`);
  });

  it('where COPY stores the others', async () => {
    await send('a@example.com', 'skip.1@example.com', 'b@example.com');
    const totals = await consume();
    expect(totals).toMatchObject({ inserted: 2, duplicates: 0, skipped: 1, dead: 0 });
    expect(totals['msg']).toMatch(/, 1 skipped by the database$/);
  });

  it('and told apart from duplicates, where INSERT does', async () => {
    await send('a@example.com');
    await consume();
    await send('a@example.com', 'skip.1@example.com', 'skip.2@example.com', 'b@example.com');
    expect(await consume()).toMatchObject({ inserted: 1, duplicates: 1, skipped: 2, dead: 0 });
  });
});

it('an unlogged table is warned of', async () => {
  await sandbox.pool.query('ALTER TABLE contacts SET UNLOGGED');
  const consumer = sandbox.start('consumer');
  const { level } = await consumer.logged(/unlogged.*: ALTER TABLE contacts SET LOGGED$/);
  expect(level).toBe('warn');
});

// COPY minds no index that is dropped
describe('a table that changes while a consumer is connected is waited for,', () => {
  it.each<[string, string, RegExp, string]>([
    [
      'when its unique index is dropped',
      'ALTER TABLE contacts DROP CONSTRAINT contacts_email_key',
      /would store duplicates: ALTER TABLE contacts ADD UNIQUE \(email\); storing pauses/,
      'ALTER TABLE contacts ADD UNIQUE (email)',
    ],
    [
      'when it is renamed',
      'ALTER TABLE contacts RENAME TO gone',
      /has no table contacts in "\w+": create it with "consumer migrate"; storing pauses/,
      'ALTER TABLE gone RENAME TO contacts',
    ],
    [
      'when its column is renamed',
      'ALTER TABLE contacts RENAME email TO mail',
      /without a column "email".*; storing pauses/,
      'ALTER TABLE contacts RENAME mail TO email',
    ],
  ])('%s', async (_, breakIt, message, mendIt) => {
    await sandbox.declareQueue();
    const consumer = sandbox.start('consumer', ['--parallel', '2']);
    await consumer.logged(/^consuming/);
    await send('a@example.com');
    await until('a row is there', async () => (await sandbox.countContacts()) === 1);
    await sandbox.pool.query(breakIt);
    for (let n = 0; n < 20; n += 1) await send('a@example.com', `${n}@example.com`);
    await consumer.logged(message);
    await sandbox.pool.query(mendIt);
    await consumer.logged(/^PostgreSQL works again$/);
    await until('all rows are there', async () => (await sandbox.countContacts()) === 21);
    consumer.kill('SIGTERM');
    await consumer.succeeds();
    expect(consumer.log.filter(({ msg }) => message.test(String(msg)))).toHaveLength(1);
    expect(await consumer.logged(/^stopped/)).toMatchObject({ duplicates: 20, dead: 0 });
  });
});
