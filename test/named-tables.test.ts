import { describe, expect, it } from 'vitest';
import { until } from './sandbox.ts';
import { tables } from './tables.ts';

const bench = tables();

describe('a table is found by its name as PostgreSQL reads it:', () => {
  it.each([
    ['"My ""Table"""', 'CREATE TABLE "My ""Table""" ("Full Name" text UNIQUE, "order" int)'],
    ['test.Folded', 'CREATE TABLE folded ("Full Name" text UNIQUE, "order" int)'],
    ['"test"."Straße"', 'CREATE TABLE "Straße" ("Full Name" text UNIQUE, "order" int)'],
    [
      'v',
      `CREATE TABLE t ("Full Name" text UNIQUE, "order" int); CREATE VIEW v AS SELECT * FROM t`,
    ],
  ])('%s', async (name, sql) => {
    await bench.create(sql);
    const { databaseName, pool } = bench.sandbox;
    await pool.query(`ALTER DATABASE ${databaseName} SET search_path = test, public`);
    try {
      await bench.send('order,"Full Name"', '1,a\n2,b\n3,a\n');
      expect(await bench.consume(name)).toMatchObject({ inserted: 2, duplicates: 1, dead: 0 });
    } finally {
      await pool.query(`ALTER DATABASE ${databaseName} RESET search_path`);
    }
  });
});

describe('a table that can not be used is status 1, and what to do:', () => {
  it.each<[string, string, string, RegExp]>([
    [
      'is not there',
      'SELECT',
      'test.t',
      /has no table test\.t in "\w+": create it, or name another one with --table\n$/,
    ],
    [
      'has other capitals',
      'CREATE TABLE "Orders" (id int)',
      'test.orders',
      /but one that is written "Orders": --table 'test\."Orders"'\n$/,
    ],
    [
      'is in a schema that is not looked into',
      'CREATE TABLE orders (id int)',
      'orders',
      /where the user "\w+" looks, but one in the schema test: --table 'test\.orders'\n$/,
    ],
    [
      'is a materialized view',
      'CREATE MATERIALIZED VIEW t AS SELECT 1 AS id',
      'test.t',
      /has a test\.t that is no table: name one with --table\n$/,
    ],
    [
      'is a view of several rows',
      'CREATE VIEW t AS SELECT count(*) AS id FROM pg_class',
      'test.t',
      /cannot insert into view "t"/,
    ],
    [
      'has a rule',
      'CREATE TABLE t (id int); CREATE RULE away AS ON INSERT TO t DO INSTEAD NOTHING',
      'test.t',
      /has a rule away on test\.t.*: DROP RULE away ON test\.t\n$/,
    ],
    [
      'has a deferrable constraint',
      'CREATE TABLE t (id int, CONSTRAINT u UNIQUE (id) DEFERRABLE)',
      'test.t',
      /deferrable constraint u .*: ALTER TABLE test\.t DROP CONSTRAINT u, ADD UNIQUE \("id"\)\n$/,
    ],
    [
      'has a partition with a deferrable constraint',
      `CREATE TABLE t (id int) PARTITION BY RANGE (id);
       CREATE TABLE p PARTITION OF t (CONSTRAINT u UNIQUE (id) DEFERRABLE) DEFAULT`,
      'test.t',
      /deferrable constraint u .*: ALTER TABLE test\.p DROP CONSTRAINT u, ADD UNIQUE \("id"\)\n$/,
    ],
  ])('one that %s', async (_, sql, table, message) => {
    await bench.create(sql);
    expect(await bench.fails(table)).toMatch(message);
  });

  it('one that this user may not insert into, and then: not into one of its columns', async () => {
    const role = `${bench.sandbox.databaseName}_role`;
    const env = { FC_CONSUMER_DB_USER: role, FC_CONSUMER_DB_PASS: 'hunter2' };
    const { pool } = bench.sandbox;
    await bench.create(`CREATE TABLE t (id int UNIQUE, secret int)`);
    await pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'hunter2'`);
    try {
      expect(await bench.fails('test.t', env)).toContain(
        `: GRANT USAGE ON SCHEMA test TO "${role}"`,
      );
      await pool.query(`GRANT USAGE ON SCHEMA test TO ${role}`);
      const grant = `GRANT INSERT, SELECT ON test.t TO "${role}"`;
      expect(await bench.fails('test.t', env)).toContain(grant);
      await pool.query(`GRANT INSERT (id), SELECT (id) ON test.t TO ${role}`);
      await bench.send('id', '1\n1\n');
      await bench.send('id,secret', '2,2\n');
      const consumer = bench.sandbox.start('consumer', ['--table', 'test.t'], env);
      const { msg } = await consumer.logged(/GRANT.*; storing pauses/);
      expect(msg).toContain(grant);
      await pool.query(grant);
      await until('all rows are there', async () => (await bench.rows('t')).length === 2);
      consumer.kill('SIGTERM');
      await consumer.succeeds();
    } finally {
      await pool.query(`DROP OWNED BY ${role}`);
      await pool.query(`DROP ROLE ${role}`);
    }
  });

  it.each(['a b', 'a.b.c', '"', '', 'x"y"'])('and %j is no name', async (name) => {
    await bench.create('SELECT');
    expect(await bench.fails(name)).toMatch(
      name === '' ? /must be \[SCHEMA\.\]TABLE|empty/ : /--table.*must be \[SCHEMA\.\]TABLE/,
    );
  });
});
