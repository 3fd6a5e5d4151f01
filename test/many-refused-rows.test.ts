import { expect, it } from 'vitest';
import { finish } from './finish.ts';
import { until } from './sandbox.ts';
import { tables } from './tables.ts';

const bench = tables();

/** Rows of two columns, an even and an odd one by turns. */
function rows(count: number, even: string, odd: string): string {
  const lines = Array.from({ length: count }, (_, n) => `${n},${n % 2 === 0 ? even : odd}\n`);
  return lines.join('');
}

/** Transactions that failed in this database, once those of consumers that have ended are counted. */
async function rollbacks(): Promise<number> {
  const { pool } = bench.sandbox;
  await until('no consumer is connected', async () => {
    const { rowCount } = await pool.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'csv2db consumer'`,
    );
    return rowCount === 0;
  });
  const { rows: counted } = await pool.query<{ count: number }>(
    'SELECT xact_rollback::int AS count FROM pg_stat_database WHERE datname = current_database()',
  );
  return counted[0]?.count ?? NaN;
}

// each was halved out, in transactions of their own: a minute for 20,000 rows, and a line in the server's log each
it('a thousand rows that are refused among as many good ones cost a handful of transactions', async () => {
  await bench.create('CREATE TABLE t (id int UNIQUE, size int CHECK (size > 0))');
  await bench.send('id,size', rows(2_000, '1', '0'));
  const before = await rollbacks();
  expect(await bench.consume('test.t')).toMatchObject({ inserted: 1_000, dead: 1_000 });
  expect((await rollbacks()) - before).toBeLessThan(20);
  const letters = await bench.letters();
  expect(letters).toHaveLength(1_000);
  expect(new Set(letters.map(({ reason }) => reason))).toEqual(
    new Set(['new row for relation "t" violates check constraint "t_size_check"']),
  );
});

it('rows that need others of their batch are stored, whichever comes first, where another row is refused', async () => {
  await bench.create('CREATE TABLE t (id int PRIMARY KEY, parent int REFERENCES t, size int)');
  // a tree of nine generations, the last one first
  const family = Array.from({ length: 400 }, (_, n) => `${n + 1},${n > 0 ? (n + 1) >> 1 : ''},1\n`);
  const orphans = '900,999,1\n901,900,1\n';
  await bench.send('id,parent,size', `${family.toReversed().join('')}${orphans}902,,x\n`);
  expect(await bench.consume('test.t')).toMatchObject({ inserted: 400, dead: 3 });
  expect((await bench.letters()).map(({ body }) => body)).toEqual([
    '900,999,1\n',
    '901,900,1\n',
    '902,,x\n',
  ]);
});

it('rows that the table takes alone, but not together, are refused but for the first', async () => {
  await bench.create(`CREATE TABLE t (id int PRIMARY KEY, size int);
    CREATE FUNCTION test.few() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF (SELECT count(*) FROM test.t) >= 3 THEN RAISE 'it is full'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER few BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION test.few()`);
  await bench.send('id,size', `${rows(10, '1', '1')}11,x\n`);
  expect(await bench.consume('test.t')).toMatchObject({ inserted: 3, dead: 8 });
  expect(await bench.rows('t')).toEqual(['(0,1)', '(1,1)', '(2,1)']);
});

/** A trigger that lets a row in once its parent is there. */
const PARENT_FIRST = `CREATE TABLE t (id int PRIMARY KEY, parent int, size int);
  CREATE FUNCTION test.parent() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.parent IS NOT NULL AND NOT EXISTS (SELECT FROM test.t WHERE id = NEW.parent) THEN
      RAISE '% has no parent', NEW.id;
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER parent BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION test.parent()`;

// the last one was refused for what had been in its way before
it('a single row that needs another one behind it is stored', async () => {
  await bench.create(PARENT_FIRST);
  await bench.send('id,parent,size', '1,2,1\n2,,1\n3,,1\n');
  expect(await bench.consume('test.t')).toMatchObject({ inserted: 3, dead: 0 });
});

// twenty generations were the most
it('rows are tried as long as others of them are stored, however many generations there are', async () => {
  await bench.create(PARENT_FIRST);
  const chain = Array.from({ length: 40 }, (_, n) => `${n + 1},${n > 0 ? n : ''},1\n`);
  await bench.send('id,parent,size', `${chain.toReversed().join('')}99,98,1\n`);
  expect(await bench.consume('test.t')).toMatchObject({ inserted: 40, dead: 1 });
});

/** A thousand rows of which each needs the next one, as `links` has their ids. */
function chain(links: readonly number[]): string {
  const lines = links.map((id, n) => `${id},${links[n + 1] ?? ''},1\n`);
  return lines.sort((a, b) => parseInt(a) - parseInt(b)).join('');
}
const IDS = Array.from({ length: 1_000 }, (_, n) => n + 1);
/** To try them again for each other one takes the server longer. */
const IN_TIME = ['--statement-timeout', '5s'];

// each generation was a transaction: half a minute for a thousand
it('a chain of a thousand rows, the last link first, costs a handful of transactions', async () => {
  await bench.create(PARENT_FIRST);
  await bench.send('id,parent,size', `${chain(IDS)}5000,4000,1\n6000,,x\n`);
  const before = await rollbacks();
  expect(await bench.consume('test.t', IN_TIME)).toMatchObject({ inserted: 1_000, dead: 2 });
  expect((await rollbacks()) - before).toBeLessThan(20);
});

// it ended without having found out anything, and half of the rows came ahead of those that they need
it('no good row is dead where to try them takes longer than a statement may', async () => {
  await bench.create(PARENT_FIRST);
  const shuffled = IDS.slice(0, 800).map((_, n) => ((n * 387) % 800) + 1);
  await bench.send('id,parent,size', `${chain(shuffled)}6000,,x\n`);
  const consumed = await bench.consume('test.t', ['--statement-timeout', '1500ms']);
  expect(consumed).toMatchObject({ inserted: 800, dead: 1 });
});

it('so does one of a foreign key in any order, beside a row that a type refuses', async () => {
  await bench.create('CREATE TABLE t (id int PRIMARY KEY, parent int REFERENCES t, size int)');
  const shuffled = IDS.map((_, n) => ((n * 387) % 1_000) + 1);
  await bench.send('id,parent,size', `${chain(shuffled)}6000,,x\n`);
  const before = await rollbacks();
  expect(await bench.consume('test.t', IN_TIME)).toMatchObject({ inserted: 1_000, dead: 1 });
  expect((await rollbacks()) - before).toBeLessThan(20);
});

it('a chain that a trigger can not see in one statement is stored all the same', async () => {
  await bench.create(`${PARENT_FIRST}; ALTER FUNCTION test.parent() STABLE`);
  await bench.send('id,parent,size', `${chain(IDS.slice(0, 20))}6000,,x\n`);
  expect(await bench.consume('test.t')).toMatchObject({ inserted: 20, dead: 1 });
});

it('rows that are good together only are stored beside one that a type or a CHECK refuses', async () => {
  await bench.create(
    'CREATE TABLE t (id int PRIMARY KEY, other int REFERENCES t, size int CHECK (size > 0))',
  );
  await bench.send('id,other,size', '1,2,1\n3,,0\n2,1,1\n4,,x\n');
  expect(await bench.consume('test.t')).toMatchObject({ inserted: 2, dead: 2 });
  expect((await bench.letters()).map(({ body }) => body)).toEqual(['3,,0\n', '4,,x\n']);
});

it('pairs that have to be in balance at the commit are stored beside a row that is refused', async () => {
  await bench.create(`CREATE TABLE t (id int PRIMARY KEY, pair int, amount int);
    CREATE FUNCTION test.balance() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF (SELECT sum(amount) FROM test.t WHERE pair = NEW.pair) <> 0 THEN
        RAISE 'the pair % is not in balance', NEW.pair;
      END IF;
      RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER balance AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW EXECUTE FUNCTION test.balance()`);
  const pairs = Array.from({ length: 50 }, (_, n) => `${2 * n},${n},5\n${2 * n + 1},${n},-5\n`);
  await bench.send('id,pair,amount', `${pairs.join('')}100,50,x\n`);
  expect(await bench.consume('test.t')).toMatchObject({ inserted: 100, dead: 1 });
});

it('rows that are good together only are stored beside one of another half that lacks its parent', async () => {
  await bench.create('CREATE TABLE t (id int PRIMARY KEY, other int REFERENCES t)');
  await bench.send('id,other', '1,2\n2,1\n3,9\n');
  expect(await bench.consume('test.t')).toMatchObject({ inserted: 2, dead: 1 });
});

it('a thousand rows that a trigger refuses cost a handful of transactions, too', async () => {
  await bench.create(PARENT_FIRST);
  await bench.send('id,parent,size', rows(2_000, '', '-1').replaceAll('\n', ',1\n'));
  const before = await rollbacks();
  expect(await bench.consume('test.t')).toMatchObject({ inserted: 1_000, dead: 1_000 });
  expect((await rollbacks()) - before).toBeLessThan(20);
});

it('an assertion that fails is found among many, too', async () => {
  await bench.create(`CREATE TABLE t (id int UNIQUE, size int);
    CREATE FUNCTION test.sure() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN ASSERT NEW.size > 0, 'no size'; RETURN NEW; END $$;
    CREATE TRIGGER sure BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION test.sure()`);
  await bench.send('id,size', rows(200, '1', '0'));
  const before = await rollbacks();
  expect(await bench.consume('test.t')).toMatchObject({ inserted: 100, dead: 100 });
  expect((await rollbacks()) - before).toBeLessThan(20);
});

it('names that have quotes, or are those of variables, are no hindrance', async () => {
  await bench.create(
    `CREATE TABLE "those's \\ $$" ("one" int UNIQUE, "place" text, "refused" int, "v1" int)`,
  );
  const lines = Array.from({ length: 200 }, (_, n) => `"a'b\\,""\n",${n},${n % 2 ? 'x' : ''},1\n`);
  await bench.send('place,one,refused,v1', lines.join(''));
  const before = await rollbacks();
  const counted = await bench.consume(`test."those's \\ $$"`);
  expect(counted).toMatchObject({ inserted: 100, dead: 100 });
  expect((await rollbacks()) - before).toBeLessThan(20);
  const { rows: stored } = await bench.sandbox.pool.query(
    `SELECT DISTINCT place, refused, v1 FROM test."those's \\ $$"`,
  );
  expect(stored).toEqual([{ place: `a'b\\,"\n`, refused: null, v1: 1 }]);
});

it('where trying them takes the database too long, fewer are tried', async () => {
  await bench.create(`CREATE TABLE t (id int UNIQUE, size int CHECK (size > 0));
    CREATE FUNCTION test.slow() RETURNS trigger LANGUAGE plpgsql
      AS 'BEGIN PERFORM pg_sleep(0.004); RETURN NEW; END';
    CREATE TRIGGER slow BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION test.slow()`);
  await bench.send('id,size', rows(400, '1', '0'));
  const before = await rollbacks();
  const counted = await bench.consume('test.t', ['--statement-timeout', '1s']);
  expect(counted).toMatchObject({ inserted: 200, dead: 200 });
  // to halve each of them out takes 400
  expect((await rollbacks()) - before).toBeLessThan(100);
  expect(counted.log.filter(({ level }) => level === 'error')).toEqual([]);
});

it('a database that does not let its user run PL/pgSQL finds them, too', async () => {
  const { pool, databaseName } = bench.sandbox;
  const role = `${databaseName}_role`;
  await bench.create(`CREATE TABLE t (id int UNIQUE, size int);
    CREATE ROLE ${role} LOGIN PASSWORD 'hunter2';
    GRANT USAGE ON SCHEMA test TO ${role}; GRANT INSERT, SELECT ON test.t TO ${role};
    REVOKE USAGE ON LANGUAGE plpgsql FROM public`);
  try {
    await bench.send('id,size', rows(50, '1', 'x'));
    const flags = ['--db-user', role, '--db-pass', 'hunter2'];
    const before = await rollbacks();
    expect(await bench.consume('test.t', flags)).toMatchObject({ inserted: 25, dead: 25 });
    // one for each part that was halved: no trial fails besides
    expect((await rollbacks()) - before).toBeLessThan(100);
  } finally {
    await pool.query(
      `GRANT USAGE ON LANGUAGE plpgsql TO public; DROP OWNED BY ${role}; DROP ROLE ${role}`,
    );
  }
});

it('which import stored a row is known of those that were beside one that is refused', async () => {
  const { sandbox } = bench;
  await bench.create('SELECT');
  await sandbox.pool.query(`ALTER TABLE contacts ADD CHECK (name <> 'Bad')`);
  const body = 'Ada,ada@x.com\nBad,bad@x.com\nBob,bob@x.com\n';
  const headers = { 'x-csv2db-import': 'mixed', 'x-csv2db-row': 1, 'x-csv2db-rows': 3 };
  await sandbox.send(body, { contentType: 'text/csv', headers });
  const consumer = sandbox.start('consumer', ['--parallel', '1']);
  await until('both are there', async () => (await sandbox.countContacts()) === 2);
  const why = sandbox.start('consumer', ['why', 'bob@x.com']);
  await why.succeeds();
  expect(why.stdout).toMatch(/^the import mixed stored it/);
  consumer.kill('SIGTERM');
  await consumer.succeeds();
});

// these were halved out one by one: minutes for thousands
it.each([
  ['a type does not read', 'CREATE TABLE t (id int UNIQUE, path tsquery)', 'foo', 'foo &'],
  ['name no relation', 'CREATE TABLE t (id int UNIQUE, kind regclass)', 'pg_class', 'nothing'],
  [
    'the user has no right to store',
    `CREATE TABLE t (id int UNIQUE, kind text);
     CREATE FUNCTION test.guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF NEW.kind = 'secret' THEN RAISE insufficient_privilege; END IF;
       RETURN NEW;
     END $$;
     CREATE TRIGGER guard BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION test.guard()`,
    'open',
    'secret',
  ],
])(
  'rows with an error of a statement cost a handful of transactions: %s',
  async (...[, sql, good, bad]) => {
    await bench.create(sql);
    const columns = sql.includes('path') ? 'id,path' : 'id,kind';
    await bench.send(columns, rows(1_000, good, bad));
    const before = await rollbacks();
    expect(await bench.consume('test.t')).toMatchObject({ inserted: 500, dead: 500 });
    expect((await rollbacks()) - before).toBeLessThan(20);
  },
);

it('rows beside one that a type does not read wait, where a trigger is broken', async () => {
  await bench.create(`CREATE TABLE t (id int UNIQUE, path tsquery);
    CREATE FUNCTION test.audit() RETURNS trigger LANGUAGE plpgsql
      AS 'BEGIN INSERT INTO test.audit VALUES (NEW.id); RETURN NEW; END';
    CREATE TRIGGER audit BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION test.audit()`);
  const { sandbox } = bench;
  await bench.send('id,path', rows(40, 'foo', 'foo &'));
  const consumer = sandbox.start('consumer', ['--parallel', '1', '--table', 'test.t']);
  await consumer.logged(/"test.audit" does not exist.*storing pauses until it works$/);
  await sandbox.pool.query('CREATE TABLE test.audit (id int)');
  await consumer.logged(/^PostgreSQL works again$/);
  expect(await finish(sandbox, consumer)).toMatchObject({ inserted: 20, dead: 20 });
});
