import { describe, expect, it } from 'vitest';
import { until } from './sandbox.ts';
import { tables } from './tables.ts';

const bench = tables();

it('messages of other orders and lists of columns are stored from one batch, each in its columns', async () => {
  await bench.create('CREATE TABLE t (a int UNIQUE, b text, c text)');
  await bench.send('a,b,c', '1,b,c\n');
  await bench.send('c,b,a', 'c,b,2\n"c, c",b,3\n');
  await bench.send('a', '4\n5\n');
  await bench.send('b,a', ',6\n"",7\n\\N,8\n');
  await bench.send('a,b,c', '9,,\n');
  expect(await bench.consume('test.t', ['--prefetch', '20'])).toMatchObject({
    inserted: 9,
    dead: 0,
  });
  expect(await bench.rows('t')).toEqual([
    '(1,b,c)',
    '(2,b,c)',
    '(3,b,"c, c")',
    '(4,,)',
    '(5,,)',
    '(6,,)',
    '(7,"",)',
    '(8,"\\\\N",)',
    '(9,,)',
  ]);
});

it('a message that names what the table lacks, or nothing that can be read, is dead with the reason', async () => {
  await bench.create('CREATE TABLE t (a int UNIQUE, b text)');
  const bad: [columns: string, reason: RegExp][] = [
    ['A', /^the table has no column "A": test\.t \(a, b\)$/],
    ['a,ctid', /^the table has no column "ctid"/],
    ['', /header x-csv2db-columns is not one record of CSV$/],
    ['a,,b', /header x-csv2db-columns has a column without a name$/],
    ['a,b,a', /header x-csv2db-columns names "a" twice$/],
    ['a\nb', /header x-csv2db-columns is not one record of CSV$/],
    ['"a', /header x-csv2db-columns is not one record of CSV$/],
  ];
  for (const [place, [columns]] of bad.entries()) await bench.send(columns, `${place}\n`);
  await bench.send(undefined, 'name,email\n');
  await bench.send('"a","b"', '7,"x ""y"""\n');
  expect(await bench.consume('test.t')).toMatchObject({ inserted: 1, dead: bad.length + 1 });
  const letters = await bench.letters();
  expect(letters.map(({ reason }) => reason)).toEqual([
    ...bad.map(([, reason]) => expect.stringMatching(reason) as unknown),
    'the table has no column "name": test.t (a, b)',
  ]);
  expect(letters[0]?.columns).toBe('A');
});

it('a message without a column that must have a value is dead, until the table has a default', async () => {
  await bench.create('CREATE TABLE t (a int UNIQUE, b int NOT NULL)');
  const { pool } = bench.sandbox;
  const consumer = bench.sandbox.start('consumer', ['--parallel', '1', '--table', 'test.t']);
  await consumer.logged(/^consuming/);
  await bench.send('a', '1\n2\n');
  await until('it is dead', async () => (await bench.sandbox.ready('csv2db.dead')) === 1);
  await pool.query('ALTER TABLE test.t ALTER b SET DEFAULT 7');
  await bench.send('a', '3\n');
  await until('one is stored', async () => (await bench.rows('t')).join() === '(3,7)');
  consumer.kill('SIGTERM');
  await consumer.succeeds();
  expect(await bench.letters()).toEqual([
    {
      body: '1\n2\n',
      reason: 'the row has no column "b", which must not be null and has no default: test.t (a, b)',
      columns: 'a',
    },
  ]);
});

it('a column that is added while a consumer is connected is found, and one that is gone is said', async () => {
  await bench.create('CREATE TABLE t (a int UNIQUE, old text)');
  const { pool } = bench.sandbox;
  const consumer = bench.sandbox.start('consumer', ['--parallel', '1', '--table', 'test.t']);
  const count = (rows: number) =>
    until(`${rows} rows`, async () => (await bench.rows('t')).length === rows);
  await consumer.logged(/^consuming/);
  await bench.send('a,old', '1,x\n');
  await count(1);
  await pool.query('ALTER TABLE test.t ADD new text');
  await bench.send('a,new', '2,y\n');
  await count(2);
  await pool.query('ALTER TABLE test.t DROP old');
  await bench.send('a,old', '3,x\n');
  await until('it is dead', async () => (await bench.sandbox.ready('csv2db.dead')) === 1);
  await bench.send('a,new', '4,z\n');
  await count(3);
  consumer.kill('SIGTERM');
  await consumer.succeeds();
  expect((await bench.letters())[0]?.reason).toMatch(/^the table has no column "old"/);
});

describe('of one column', () => {
  it('blank lines are no rows, and an empty field in quotes is an empty text', async () => {
    await bench.create('CREATE TABLE t (code text UNIQUE)');
    await bench.send('code', 'a\n\nb\n');
    expect(await bench.consume('test.t')).toMatchObject({ inserted: 2, duplicates: 0, dead: 0 });
    await bench.send('code', '\na\n\nb\nc\n""\n');
    await bench.send('code', 'c\nd\n');
    await bench.send('code', 'd,e\n');
    expect(await bench.consume('test.t')).toMatchObject({ inserted: 3, duplicates: 3, dead: 1 });
    expect(await bench.rows('t')).toEqual(['("")', '(a)', '(b)', '(c)', '(d)']);
  });
});

describe('a row of JSON', () => {
  const json = (row: unknown, columns?: string) =>
    bench.sandbox.send(JSON.stringify(row), {
      headers: { ...(columns !== undefined && { 'x-csv2db-columns': columns }) },
    });

  it('goes into the columns that are its members, or that its message names', async () => {
    await bench.create('CREATE TABLE t (id int UNIQUE, note text, ok bool, doc jsonb, tags int[])');
    await json({ note: 'a', id: 1 });
    await json([
      { id: '2', ok: true, doc: { a: [1, null] } },
      { id: 3, note: null, tags: '{1,2}' },
    ]);
    await json({ id: 4, note: '', doc: [1], ok: false }, 'id,note');
    expect(await bench.consume('test.t')).toMatchObject({ inserted: 4, dead: 0 });
    expect(await bench.rows('t')).toEqual([
      '(1,a,,,)',
      '(2,,t,"{""a"": [1, null]}",)',
      '(3,,,,"{1,2}")',
      '(4,"",,,)',
    ]);
  });

  it('is dead where it does not fit, with the reason', async () => {
    await bench.create(
      'CREATE TABLE t (id int8 UNIQUE, note text, tags int[], made int GENERATED ALWAYS AS (1) STORED)',
    );
    const bad: [unknown, string | undefined, RegExp][] = [
      [7, undefined, /^the row is not a JSON object$/],
      [
        { a: 1 },
        undefined,
        /^the row has a member "a", and the table no such column: test\.t \(id, note, tags, made\)$/,
      ],
      [
        { id: 1, made: 1 },
        undefined,
        /^the column "made" of the table takes no value: it is generated$/,
      ],
      [{ id: 1, note: 7 }, undefined, /^the row has no "note" string$/],
      [{ id: 1 }, 'id,note', /^the row has no member "note"$/],
      [{ id: 1, x: 1 }, 'id,x', /^the table has no column "x"/],
      [{ id: 2 ** 60 }, undefined, /^the number 1152921504606847000 has more digits/],
      [{ id: 1, ID: 2 }, undefined, /^the row has a member "ID", and the table no such column/],
      [{}, undefined, /^the row has no members$/],
      [{ id: '\ud83d' }, undefined, /^the id contains half a surrogate pair/],
      [{ id: 1, tags: [1] }, undefined, /^malformed array literal/],
      [{ id: 1.5 }, undefined, /^invalid input syntax for type bigint: "1.5"/],
    ];
    for (const [row, columns] of bad) await json(row, columns);
    expect(await bench.consume('test.t')).toMatchObject({ inserted: 0, dead: bad.length });
    const reasons = (await bench.letters()).map(({ body, reason }) => [body, reason]);
    expect(reasons.sort()).toEqual(
      bad
        .map(([row, , reason]) => [JSON.stringify(row), expect.stringMatching(reason) as unknown])
        .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    );
  });
});

it('a number of JSON that JavaScript would change is dead with all its digits', async () => {
  await bench.create('CREATE TABLE t (id int UNIQUE, n numeric, doc jsonb)');
  const bodies = [
    '{"id":1,"n":12345678901234.5678}',
    '[{"id":2},{"id":3,"doc":{"x":[9007199254740993]}}]',
    '{"id":4,"n":1e400}',
  ];
  for (const body of bodies) await bench.sandbox.send(body);
  await bench.sandbox.send('{"id":5,"n":-0.12345e-7,"doc":{"\\"1e999":1.5,"m":9007199254740991}}');
  expect(await bench.consume('test.t')).toMatchObject({ inserted: 1, dead: 3 });
  expect((await bench.letters()).map(({ body }) => body).sort()).toEqual(bodies.sort());
  expect(await bench.rows('t')).toEqual([
    '(5,-0.000000012345,"{""m"": 9007199254740991, ""\\\\""1e999"": 1.5}")',
  ]);
});

describe('the dead letters of any columns', () => {
  it('are listed, exported and replayed with their columns', async () => {
    await bench.create('CREATE TABLE t (id int UNIQUE CHECK (id < 10), "a note" text)');
    await bench.send('"a note",id', 'x,1\n"say ""y""",11\n,12\n');
    expect(await bench.consume('test.t')).toMatchObject({ inserted: 1, dead: 2 });
    const dead = async (...args: string[]) => {
      const run = bench.sandbox.start('consumer', ['dead', ...args]);
      await run.succeeds();
      await until('all are back', async () => (await bench.sandbox.ready('csv2db.dead')) === 2);
      return run;
    };
    const listed = (await dead('list', '--json')).stdout.trim().split('\n');
    expect(listed.map((line) => (JSON.parse(line) as { values: unknown }).values)).toEqual(
      expect.arrayContaining([
        { 'a note': 'say "y"', id: '11' },
        { 'a note': null, id: '12' },
      ]),
    );
    const exported = (await dead('export', '--columns', 'id,"a note"')).stdout.split('\n').sort();
    expect(exported[1]).toMatch(/^"11","say ""y""","new row .* check constraint/);
    expect(exported[2]).toMatch(/^"12",,"new row .* check constraint/);
    expect((await dead('export')).stderr).toContain(
      "2 rows have none of the columns name,email: name theirs, as --columns 'a note,id'",
    );
    await bench.sandbox.pool.query('ALTER TABLE test.t DROP CONSTRAINT t_id_check');
    await bench.sandbox.start('consumer', ['dead', 'replay']).succeeds();
    expect(await bench.consume('test.t')).toMatchObject({ inserted: 2, dead: 0 });
  });
});
