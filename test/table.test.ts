import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from './processes.ts';
import { databaseUrl, Sandbox, until } from './sandbox.ts';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await Sandbox.create();
  await sandbox.migrate();
});

afterEach(async () => {
  await sandbox.destroy();
});

async function send(...emails: string[]): Promise<void> {
  for (const email of emails) await sandbox.send(JSON.stringify({ name: 'N', email }));
}

/** Runs a consumer until the queue is empty. @returns its totals. */
async function consume(): Promise<Record<string, unknown>> {
  const consumer = sandbox.start('consumer', ['--parallel', '1']);
  return await finish(consumer);
}

async function finish(consumer: Run): Promise<Record<string, unknown>> {
  await consumer.logged(/^consuming/);
  await until('the queue is empty', async () => (await sandbox.ready()) === 0);
  consumer.kill('SIGTERM');
  expect(await consumer.exit, consumer.output).toBe(0);
  return await consumer.logged(/^stopped/);
}

/** A role with no right but to connect; roles outlive the sandbox. */
async function createRole(role: string): Promise<Record<string, string>> {
  await sandbox.pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'hunter2'`);
  return { FC_CONSUMER_DB_USER: role, FC_CONSUMER_DB_PASS: 'hunter2' };
}

async function dropRole(role: string): Promise<void> {
  await sandbox.pool.query(`DROP OWNED BY ${role}`);
  await sandbox.pool.query(`DROP ROLE ${role}`);
}

// duplicates were stored silently, or the consumer waited for ever
describe('a table that can not hold each row once is status 1, and the SQL that mends it, for', () => {
  it.each<[string, string, RegExp]>([
    [
      'no unique index',
      'ALTER TABLE contacts DROP CONSTRAINT contacts_email_key',
      /no valid unique index on exactly contacts \(email\).*: ALTER TABLE contacts ADD UNIQUE \(email\)$/m,
    ],
    [
      'a unique index on lower(email) alone',
      `ALTER TABLE contacts DROP CONSTRAINT contacts_email_key;
       CREATE UNIQUE INDEX lw ON contacts (lower(email))`,
      /no valid unique index on exactly contacts \(email\).*: ALTER TABLE contacts ADD UNIQUE/,
    ],
    [
      'a partial unique index',
      `ALTER TABLE contacts DROP CONSTRAINT contacts_email_key;
       CREATE UNIQUE INDEX part ON contacts (email) WHERE name <> ''`,
      /no valid unique index on exactly contacts \(email\)/,
    ],
    [
      'a deferrable constraint',
      `ALTER TABLE contacts DROP CONSTRAINT contacts_email_key;
       ALTER TABLE contacts ADD UNIQUE (email) DEFERRABLE`,
      /no valid unique index on exactly contacts \(email\)/,
    ],
    [
      'a composite unique index',
      `ALTER TABLE contacts DROP CONSTRAINT contacts_email_key;
       ALTER TABLE contacts ADD UNIQUE (email, name)`,
      /no valid unique index on exactly contacts \(email\)/,
    ],
    [
      'an index that was not built to the end',
      `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'contacts_email_key'::regclass`,
      /would store duplicates: REINDEX INDEX contacts_email_key$/m,
    ],
    [
      'a column of another name',
      'ALTER TABLE contacts RENAME email TO "Email"',
      /without a column "email": ALTER TABLE contacts RENAME COLUMN "Email" TO email$/m,
    ],
    [
      'a column that is not there',
      'ALTER TABLE contacts DROP name',
      /without a column "name": ALTER TABLE contacts ADD COLUMN name text$/m,
    ],
    [
      'a column that must not be null',
      'ALTER TABLE contacts ADD "Since" date NOT NULL',
      /a column Since .* no default: ALTER TABLE contacts ALTER COLUMN "Since" DROP NOT NULL$/m,
    ],
    [
      'a generated column',
      `ALTER TABLE contacts DROP name;
       ALTER TABLE contacts ADD name text GENERATED ALWAYS AS (email) STORED`,
      /generates the column "name" .*: ALTER TABLE contacts ALTER COLUMN name DROP EXPRESSION$/m,
    ],
    [
      'a rule',
      `CREATE TABLE other (name text, email text UNIQUE);
       CREATE RULE away AS ON INSERT TO contacts DO INSTEAD INSERT INTO other VALUES (NEW.*)`,
      /a rule away on contacts.*: DROP RULE away ON contacts$/m,
    ],
    [
      'a view with a trigger',
      `ALTER TABLE contacts RENAME TO contacts_t;
       CREATE VIEW contacts AS SELECT name, email FROM contacts_t;
       CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
       CREATE TRIGGER t INSTEAD OF INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION f()`,
      /a trigger t on the view contacts.*: DROP TRIGGER t ON contacts$/m,
    ],
    [
      'a view of a table without a unique index',
      `ALTER TABLE contacts RENAME TO contacts_t;
       ALTER TABLE contacts_t DROP CONSTRAINT contacts_email_key;
       CREATE VIEW contacts AS SELECT name, email FROM contacts_t`,
      /no unique or exclusion constraint matching the ON CONFLICT/,
    ],
    [
      'a materialized view',
      `DROP TABLE contacts; CREATE MATERIALIZED VIEW contacts AS SELECT ''::text AS name, ''::text AS email`,
      /a contacts that is no table: ALTER /,
    ],
    [
      'a table in a schema that is not looked into',
      'CREATE SCHEMA app; ALTER TABLE contacts SET SCHEMA app',
      /but one in the schema app: ALTER ROLE "\w+" IN DATABASE "\w+" SET search_path = app$/m,
    ],
  ])('%s', async (_, sql, message) => {
    await sandbox.pool.query(sql);
    const consumer = sandbox.start('consumer');
    expect(await consumer.exit, consumer.output).toBe(1);
    expect(consumer.stderr).toMatch(message);
    expect(consumer.stderr).toMatch(/^error: PostgreSQL at [^\n]+\n$/);
  });

  it('a foreign table', async () => {
    const { hostname, port, username, password } = databaseUrl();
    await sandbox.pool.query(`
      ALTER TABLE contacts RENAME TO contacts_t;
      CREATE EXTENSION postgres_fdw;
      CREATE SERVER remote FOREIGN DATA WRAPPER postgres_fdw
        OPTIONS (host '${hostname}', port '${port}', dbname '${sandbox.databaseName}');
      CREATE USER MAPPING FOR CURRENT_USER SERVER remote
        OPTIONS (user '${username}', password '${password}');
      CREATE FOREIGN TABLE contacts (name text, email text)
        SERVER remote OPTIONS (table_name 'contacts_t')`);
    const consumer = sandbox.start('consumer');
    expect(await consumer.exit, consumer.output).toBe(1);
    expect(consumer.stderr).toMatch(/^error: .* has contacts as a foreign table[^\n]+\n$/);
  });

  it('a user without rights, and one whom row-level security keeps out', async () => {
    const role = `${sandbox.databaseName}_role`;
    const env = await createRole(role);
    try {
      const without = sandbox.start('consumer', [], env);
      expect(await without.exit, without.output).toBe(1);
      expect(without.stderr).toMatch(
        new RegExp(`does not let the user .* GRANT INSERT, SELECT ON contacts TO "${role}"\n$`),
      );
      await sandbox.pool.query(`GRANT INSERT, SELECT ON contacts TO ${role}`);
      await sandbox.pool.query('ALTER TABLE contacts ENABLE ROW LEVEL SECURITY');
      const kept = sandbox.start('consumer', [], env);
      expect(await kept.exit, kept.output).toBe(1);
      const [policy] = /CREATE POLICY .*$/m.exec(kept.stderr) ?? [];
      await sandbox.pool.query(policy ?? '');
      await send('a@example.com', 'a@example.com', 'b@example.com');
      const consumer = sandbox.start('consumer', ['--parallel', '1'], env);
      expect(await finish(consumer)).toMatchObject({ inserted: 2, duplicates: 1, dead: 0 });
    } finally {
      await dropRole(role);
    }
  });
});

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
    expect(await consumer.exit, consumer.output).toBe(0);
    expect(consumer.log.filter(({ msg }) => message.test(String(msg)))).toHaveLength(1);
    expect(await consumer.logged(/^stopped/)).toMatchObject({ duplicates: 20, dead: 0 });
  });
});
