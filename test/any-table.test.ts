import { describe, expect, it } from 'vitest';
import { finish } from './finish.ts';
import { until } from './sandbox.ts';
import { tables } from './tables.ts';

const bench = tables();

const NOTHING = { inserted: 0, duplicates: 0, skipped: 0, dead: 0 };

describe('the rows that a table takes are stored, the others are dead letters with the reason, and what comes again is a duplicate:', () => {
  it.each<{ of: string; sql: string; columns: string; good: string[]; bad: [string, RegExp][] }>([
    {
      of: 'NOT NULL, CHECK and foreign keys',
      sql: `CREATE TABLE people (id int PRIMARY KEY); INSERT INTO people VALUES (1);
        CREATE TABLE t (id int PRIMARY KEY, owner int REFERENCES people, size int NOT NULL CHECK (size > 0))`,
      columns: 'id,owner,size',
      good: ['1,1,5', '2,,6'],
      bad: [
        ['3,1,', /null value in column "size" .* violates not-null constraint/],
        ['4,1,0', /violates check constraint/],
        ['5,2,1', /violates foreign key constraint/],
        ['6,one,1', /invalid input syntax for type integer: "one"/],
      ],
    },
    {
      of: 'domains and enums',
      sql: `CREATE DOMAIN positive AS int CHECK (VALUE > 0); CREATE DOMAIN small AS positive CHECK (VALUE < 10);
        CREATE DOMAIN code AS varchar(3); CREATE TYPE mood AS ENUM ('sad', 'ok');
        CREATE TABLE t (id int UNIQUE, size small, code code, mood mood)`,
      columns: 'id,size,code,mood',
      good: ['1,5,abc,ok', '2,,,'],
      bad: [
        ['3,0,abc,ok', /violates check constraint "positive_check"/],
        ['4,10,abc,ok', /violates check constraint "small_check"/],
        ['5,5,abcd,ok', /value too long for type character varying\(3\)/],
        ['6,5,abc,fine', /invalid input value for enum .*mood: "fine"/],
      ],
    },
    {
      of: 'arrays, json and composite types',
      sql: `CREATE TYPE place AS (x int, y int);
        CREATE TABLE t (id int UNIQUE, numbers int[], codes varchar(2)[], doc jsonb, place place)`,
      columns: 'id,numbers,codes,doc,place',
      good: ['1,"{1,2}","{ab,c}","{""a"": [1]}","(1,2)"', '2,{3},{},null,'],
      bad: [
        ['3,1,,,', /malformed array literal/],
        ['4,,{abc},,', /value too long for type character varying\(2\)/],
        ['5,,,{,', /invalid input syntax for type json/],
        ['6,,,,"(1,z)"', /invalid input syntax for type integer: "z"/],
      ],
    },
    {
      of: 'tsquery and regclass, whose errors are those of a statement',
      sql: 'CREATE TABLE t (id int PRIMARY KEY, path tsquery, kind regclass)',
      columns: 'id,path,kind',
      good: ['1,foo & bar,', '2,,pg_class', '5,,1259', '6,,-'],
      bad: [
        ['3,foo &,', /no operand in tsquery/],
        ['4,,no_such_table', /relation "no_such_table" does not exist/],
      ],
    },
    {
      of: 'bytea, bit, varchar, char and numeric',
      sql: `CREATE TABLE t (id int UNIQUE, raw bytea, flags bit(3), short varchar(3), fixed char(3), price numeric(5, 2))`,
      columns: 'id,raw,flags,short,fixed,price',
      good: ['1,"\\x00ff",101,abc,ab,999.994', '2,,,abc   ,abc   ,-1e2'],
      bad: [
        ['3,\\xzz,,,,', /invalid hexadecimal digit/],
        ['4,,1010,,,', /bit string length 4 does not match type bit\(3\)/],
        ['5,,,abcd,,', /value too long for type character varying\(3\)/],
        ['6,,,,abcd,', /value too long for type character\(3\)/],
        ['7,,,,,1000', /numeric field overflow/],
      ],
    },
    {
      of: 'dates, times and intervals',
      sql: `CREATE DOMAIN hours AS interval hour; CREATE DOMAIN shift AS hours CHECK (VALUE < '9 h');
        CREATE TABLE t (id int UNIQUE, at timestamptz(0), day date, span interval(1), hours interval hour, shift shift)`,
      columns: 'id,at,day,span,hours,shift',
      good: ['1,2020-02-29 12:00:00.6+00,2020-02-29,1.26 s,5,8', '2,infinity,epoch,,,'],
      bad: [
        ['3,2019-02-29,,,,', /date\/time field value out of range/],
        ['4,,29.29.2019,,,', /date\/time field value out of range/],
        ['5,,,much,,', /invalid input syntax for type interval/],
        ['6,,,,,9', /violates check constraint "shift_check"/],
      ],
    },
    {
      of: 'a partitioned table',
      sql: `CREATE TABLE t (id int, region text, PRIMARY KEY (region, id)) PARTITION BY LIST (region);
        CREATE TABLE t_eu PARTITION OF t FOR VALUES IN ('eu')`,
      columns: 'id,region',
      good: ['1,eu', '2,eu'],
      bad: [['1,us', /no partition of relation "t" found for row/]],
    },
  ])('$of', async ({ sql, columns, good, bad }) => {
    await bench.create(sql);
    await bench.send(columns, good.map((line) => `${line}\n`).join(''));
    expect(await bench.consume('test.t')).toMatchObject({ ...NOTHING, inserted: good.length });
    const copied = await bench.rows('t');
    expect(copied).toHaveLength(good.length);

    await bench.sandbox.pool.query('DELETE FROM test.t');
    const all = [...bad.map(([line]) => line), ...good, ...good];
    await bench.send(columns, all.map((line) => `${line}\n`).join(''));
    const counts = { inserted: good.length, duplicates: good.length, dead: bad.length };
    expect(await bench.consume('test.t')).toMatchObject({ ...NOTHING, ...counts });
    expect(await bench.rows('t')).toEqual(copied);
    expect(await bench.letters()).toEqual(
      bad.map(([body, reason]) => ({
        body: `${body}\n`,
        reason: expect.stringMatching(reason) as unknown,
        columns,
      })),
    );
  });
});

describe('what a message does not name is left to the table:', () => {
  it('defaults, generated and identity columns, and what triggers fill in', async () => {
    await bench.create(`
      CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code text UNIQUE, kind text DEFAULT 'new',
        upper text GENERATED ALWAYS AS (upper(code)) STORED, by text NOT NULL);
      CREATE FUNCTION test.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.by := ''trigger''; RETURN NEW; END';
      CREATE TRIGGER t BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION test.f()`);
    await bench.send('code', 'a\nb\na\n');
    await bench.send('code,kind', 'c,\nd,old\n');
    expect(await bench.consume('test.t')).toMatchObject({ inserted: 4, duplicates: 1, dead: 0 });
    const rows = await bench.rows('t');
    expect(rows.map((row) => row.replace(/^\(\d+,/, '(')).sort()).toEqual([
      '(a,new,A,trigger)',
      '(b,new,B,trigger)',
      '(c,,C,trigger)',
      '(d,old,D,trigger)',
    ]);
  });

  it('an identity column that may be named is stored when it is, and one that may not is refused', async () => {
    await bench.create(`
      CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, "always" int GENERATED ALWAYS AS IDENTITY,
        made int GENERATED ALWAYS AS (1) STORED)`);
    await bench.send('id', '7\n');
    await bench.send('always', '7\n');
    await bench.send('id,made', '8,8\n');
    expect(await bench.consume('test.t')).toMatchObject({ inserted: 1, dead: 2 });
    expect((await bench.letters()).map(({ reason }) => reason)).toEqual([
      'the column "always" of the table takes no value: it is GENERATED ALWAYS AS IDENTITY',
      'the column "made" of the table takes no value: it is generated',
    ]);
  });
});

describe('duplicates are what the unique constraints say', () => {
  it('where there are several, by any of them', async () => {
    await bench.create('CREATE TABLE t (id int PRIMARY KEY, email text UNIQUE, phone text UNIQUE)');
    await bench.send('id,email,phone', '1,a@b,1\n2,a@b,2\n3,b@c,1\n1,c@d,3\n4,d@e,\n5,e@f,\n');
    expect(await bench.consume('test.t')).toMatchObject({ inserted: 3, duplicates: 3, dead: 0 });
    await bench.send('email,id,phone', 'a@b,9,9\nx@y,10,10\nz@y,11,\n');
    expect(await bench.consume('test.t')).toMatchObject({ inserted: 2, duplicates: 1, dead: 0 });
  });

  it('of several columns, where NULL is in none', async () => {
    await bench.create('CREATE TABLE t (note text, a text, b int, UNIQUE (b, a))');
    const body = 'n,x,1\nm,x,1\nn,x,2\nn,,1\nn,,1\nn,x,\nn,x,\n';
    await bench.send('note,a,b', body);
    expect(await bench.consume('test.t')).toMatchObject({ inserted: 6, duplicates: 1, dead: 0 });
    await bench.send('note,a,b', body);
    expect(await bench.consume('test.t')).toMatchObject({ inserted: 4, duplicates: 3, dead: 0 });
  });

  it('of an expression, of a part of the table, and of an exclusion', async () => {
    await bench.create(`
      CREATE TABLE t (email text, state text, during int4range, EXCLUDE USING gist (during WITH &&));
      CREATE UNIQUE INDEX ON t (lower(email));
      CREATE UNIQUE INDEX ON t (state) WHERE state = 'only'`);
    await bench.send(
      'email,state,during',
      'a@b,x,\nA@B,x,\nb@c,only,\nc@d,only,\nd@e,x,"[1,3)"\ne@f,x,"[2,9)"\n',
    );
    expect(await bench.consume('test.t')).toMatchObject({ inserted: 3, duplicates: 3, dead: 0 });
    await bench.send('email,state,during', 'A@b,y,\nf@g,x,\n,only,\n');
    expect(await bench.consume('test.t')).toMatchObject({ inserted: 1, duplicates: 2, dead: 0 });
  });

  it('of a partition alone, beside what is unique in all of them', async () => {
    await bench.create(`
      CREATE TABLE t (id int, region text, code int, UNIQUE (region, id)) PARTITION BY LIST (region);
      CREATE TABLE t_eu (code int UNIQUE, region text, id int);
      ALTER TABLE t ATTACH PARTITION t_eu FOR VALUES IN ('eu');
      CREATE TABLE t_us PARTITION OF t FOR VALUES IN ('us')`);
    await bench.send('region,id,code', 'eu,1,1\nus,1,1\n');
    expect(await bench.consume('test.t')).toMatchObject({ ...NOTHING, inserted: 2 });
    await bench.send('region,id,code', 'eu,1,2\neu,2,1\nus,2,1\nus,1,3\neu,3,3\n');
    const counts = { inserted: 2, duplicates: 3 };
    expect(await bench.consume('test.t')).toMatchObject({ ...NOTHING, ...counts });
  });

  it('of a partition alone, where nothing is unique in all of them', async () => {
    await bench.create(`
      CREATE TABLE t (region text, code int) PARTITION BY LIST (region);
      CREATE TABLE t_eu PARTITION OF t (UNIQUE (code)) FOR VALUES IN ('eu')`);
    await bench.send('region,code', 'eu,1\neu,1\n');
    await bench.send('region,code', 'eu,2\neu,1\n');
    const counts = { inserted: 2, duplicates: 2 };
    expect(await bench.consume('test.t')).toMatchObject({ ...NOTHING, ...counts });
  });

  it('of citext, whatever the case is', async ({ skip }) => {
    const { rowCount } = await bench.sandbox.pool.query(
      "SELECT FROM pg_available_extensions WHERE name = 'citext'",
    );
    if (rowCount === 0) {
      await bench.create('SELECT');
      skip('citext is not installed');
    }
    await bench.create('CREATE EXTENSION citext; CREATE TABLE t (code citext UNIQUE, n int)');
    await bench.send('code,n', 'a,1\nA,2\nb,3\n');
    expect(await bench.consume('test.t')).toMatchObject({ inserted: 2, duplicates: 1, dead: 0 });
  });

  it('and not of a default, as of a sequence that is behind: no row is taken for another', async () => {
    await bench.create(
      'CREATE TABLE t (id int PRIMARY KEY DEFAULT 7, email text UNIQUE); INSERT INTO t VALUES (7)',
    );
    await bench.send('email', 'a@b\nb@c\nc@d\n');
    expect(await bench.consume('test.t')).toMatchObject({ inserted: 0, duplicates: 0, dead: 3 });
    await bench.send('id,email', '8,a@b\n9,a@b\n');
    expect(await bench.consume('test.t')).toMatchObject({ inserted: 1, duplicates: 1, dead: 0 });
  });
});

describe('a table without a unique constraint', () => {
  it('takes every row, also twice, says so at the start, and halves what it refuses', async () => {
    await bench.create('CREATE TABLE t (id serial PRIMARY KEY, n int)');
    await bench.send('n', '1\n1\n');
    await bench.send('n', '2\nx\n2\n');
    const { log, ...counts } = await bench.consume('test.t');
    expect(counts).toEqual({ inserted: 4, duplicates: 0, skipped: 0, dead: 1 });
    const warnings = log.filter(({ level }) => level === 'warn').map(({ msg }) => String(msg));
    expect(warnings[0]).toMatch(
      /^the table test.t has no unique constraint that tells duplicates .* stored again: ALTER TABLE test.t ADD UNIQUE/,
    );
    expect(await bench.rows('t')).toHaveLength(4);
  });

  it('finds duplicates once one is added, while a consumer is connected', async () => {
    await bench.create('CREATE TABLE t (n int)');
    const consumer = bench.sandbox.start('consumer', ['--parallel', '1', '--table', 'test.t']);
    const isStored = (count: number) =>
      until(`${count} rows`, async () => (await bench.rows('t')).length === count);
    await consumer.logged(/^consuming/);
    await bench.send('n', '1\n');
    await isStored(1);
    await bench.sandbox.pool.query('ALTER TABLE test.t ADD UNIQUE (n)');
    await bench.send('n', '1\n2\n2\n');
    await isStored(2);
    consumer.kill('SIGTERM');
    await consumer.succeeds();
    const counts = { inserted: 2, duplicates: 2, dead: 0 };
    expect(await consumer.logged(/^stopped/)).toMatchObject(counts);
  });

  it('counts what a trigger leaves out as skipped', async () => {
    await bench.create(`
      CREATE TABLE t (n int);
      CREATE FUNCTION test.f() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN IF NEW.n < 0 THEN RETURN NULL; END IF; RETURN NEW; END';
      CREATE TRIGGER t BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION test.f()`);
    await bench.send('n', '1\n-1\n');
    await bench.send('n', '2\nx\n-2\n');
    const counts = { inserted: 2, duplicates: 0, skipped: 2, dead: 1 };
    expect(await bench.consume('test.t')).toMatchObject(counts);
  });
});

describe('a column that is dropped while a consumer is connected', () => {
  // it was an outage, in which storing paused
  it.each(['a table without a key', 'a table with one'])(
    'is the fault of the messages that name it, in %s',
    async (of) => {
      await bench.create(
        `CREATE TABLE t (a int ${of === 'a table with one' ? 'UNIQUE' : ''}, b int)`,
      );
      const consumer = bench.sandbox.start('consumer', ['--parallel', '1', '--table', 'test.t']);
      const isStored = (...rows: string[]) =>
        until(rows.join(), async () => (await bench.rows('t')).join() === rows.join());
      await consumer.logged(/^consuming/);
      await bench.send('a,b', '1,1\n');
      await isStored('(1,1)');
      await bench.sandbox.pool.query('ALTER TABLE test.t DROP COLUMN b');
      await bench.send('a,b', '2,2\n3,3\n');
      await bench.sandbox.send('{"a": 4, "b": 4}');
      await bench.send('a', '5\n');
      await isStored('(1)', '(5)');
      const totals = await finish(bench.sandbox, consumer);
      expect(totals).toMatchObject({ inserted: 2, duplicates: 0 });
      expect(consumer.output).not.toMatch(/can't be reached|storing pauses/);
      expect(await bench.letters()).toEqual([
        { body: '2,2\n3,3\n', reason: 'the table has no column "b": test.t (a)', columns: 'a,b' },
        {
          body: '{"a": 4, "b": 4}',
          reason: 'the row has a member "b", and the table no such column: test.t (a)',
          columns: undefined,
        },
      ]);
    },
  );
});

// only CSV had the table looked at again
it('a column that is added while a consumer is connected is found, of JSON and of CSV', async () => {
  await bench.create('CREATE TABLE t (a int UNIQUE)');
  const consumer = bench.sandbox.start('consumer', ['--parallel', '1', '--table', 'test.t']);
  await consumer.logged(/^consuming/);
  for (const [column, send] of [
    ['b', () => bench.sandbox.send('{"a": 1, "b": 1}')],
    ['c', () => bench.send('a,c', '2,2\n')],
  ] as const) {
    await bench.sandbox.pool.query(`ALTER TABLE test.t ADD ${column} int`);
    await send();
  }
  await until('both are there', async () => (await bench.rows('t')).join() === '(1,1,),(2,,2)');
  consumer.kill('SIGTERM');
  await consumer.succeeds();
  expect(await consumer.logged(/^stopped/)).toMatchObject({ inserted: 2, dead: 0 });
});
