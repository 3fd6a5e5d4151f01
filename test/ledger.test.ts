import { describe, expect, it } from 'vitest';
import { until } from './sandbox.ts';
import { tables } from './tables.ts';

const system = tables();

const CONTACTS = 'CREATE TABLE test.people (name text, email text UNIQUE)';

/** Sends rows as a message of an import. */
async function send(importId: string, row: number, body: string, more: object = {}): Promise<void> {
  const rows = body.split('\n').length - 1;
  const headers = { 'x-csv2db-import': importId, 'x-csv2db-row': row, 'x-csv2db-rows': rows };
  await system.sandbox.send(body, { contentType: 'text/csv', headers: { ...headers, ...more } });
}

/** What the ledger says of an import. */
interface Said {
  covered: string;
  refused: string;
  rejected: string;
  skipped: string;
  inserted: number;
  unnumbered: number;
}

/** The union of the rows in each state, and how many were inserted. */
async function ledger(importId: string): Promise<Said> {
  const union = (column: string): string =>
    `(SELECT coalesce(range_agg(r), '{}') FROM mine, unnest(${column}) AS r)::text AS ${column}`;
  const { rows } = await system.sandbox.pool.query<Said>(
    `WITH mine AS (SELECT * FROM csv2db_ledger WHERE import = $1)
     SELECT ${['covered', 'refused', 'rejected', 'skipped'].map(union).join(', ')},
       (SELECT coalesce(sum(inserted), 0)::int FROM mine) AS inserted,
       (SELECT coalesce(sum(unnumbered), 0)::int FROM mine) AS unnumbered`,
    [importId],
  );
  return rows[0] ?? EMPTY;
}

const EMPTY = {
  covered: '{}',
  refused: '{}',
  rejected: '{}',
  skipped: '{}',
  inserted: 0,
  unnumbered: 0,
};

describe('the ledger says of each import', () => {
  it('which rows are in the table, which are dead, and how many were new', async () => {
    await system.create(CONTACTS);
    await send('one', 1, 'Ada,ada@x.com\nBob,bob@x.com\n');
    await send('two', 7, 'Ada,ada@x.com\nCid,cid@x.com\nonly a name\n');
    await send('one', 3, 'Bob,bob@x.com\n');
    await system.consume('test.people');
    expect(await ledger('one')).toEqual({ ...EMPTY, covered: '{[1,4)}', inserted: 2 });
    const two = { ...EMPTY, covered: '{[7,9)}', refused: '{[9,10)}', inserted: 1 };
    expect(await ledger('two')).toEqual(two);
  });

  it('the same, however often its messages are delivered', async () => {
    await system.create(CONTACTS);
    for (let times = 0; times < 3; times += 1) {
      await send('again', 1, 'Ada,ada@x.com\nBob,bob@x.com\nBob,bob@x.com\n');
      await system.consume('test.people');
    }
    expect(await ledger('again')).toEqual({ ...EMPTY, covered: '{[1,4)}', inserted: 2 });
  });

  it('which rows the producer rejected, as messages tell', async () => {
    await system.create(CONTACTS);
    await send('told', 5, 'Ada,ada@x.com\nBob,bob@x.com\n', {
      'x-csv2db-rejected-before': 2,
      'x-csv2db-rejected-after': 1,
    });
    await system.sandbox.send('', {
      contentType: 'application/vnd.csv2db.ledger',
      headers: {
        'x-csv2db-import': 'told',
        'x-csv2db-row': 9,
        'x-csv2db-rows': 0,
        'x-csv2db-rejected-after': 3,
      },
    });
    const { dead } = await system.consume('test.people');
    expect(dead).toBe(0);
    const told = { ...EMPTY, covered: '{[5,7)}', rejected: '{[3,5),[7,8),[9,12)}', inserted: 2 };
    expect(await ledger('told')).toEqual(told);
  });

  it('which rows a trigger left out', async () => {
    await system.create(`${CONTACTS};
      CREATE FUNCTION test.leave_out() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF NEW.name = 'no' THEN RETURN NULL; END IF; RETURN NEW; END $$;
      CREATE TRIGGER leave_out BEFORE INSERT ON test.people
        FOR EACH ROW EXECUTE FUNCTION test.leave_out()`);
    await send('left', 1, 'Ada,ada@x.com\nno,no@x.com\nBob,bob@x.com\nno,never@x.com\n');
    await system.consume('test.people');
    const left = { ...EMPTY, covered: '{[1,5)}', skipped: '{[2,3),[4,5)}', inserted: 2 };
    expect(await ledger('left')).toEqual(left);
  });

  it('that a dead letter which was replayed is in the table', async () => {
    await system.create(`${CONTACTS}; ALTER TABLE test.people ADD CHECK (name <> 'Bob')`);
    await send('replay', 1, 'Ada,ada@x.com\nBob,bob@x.com\nCid,cid@x.com\n', {
      'x-csv2db-rejected-before': 0,
      'x-csv2db-rejected-after': 4,
    });
    await system.consume('test.people');
    const before = { ...EMPTY, rejected: '{[4,8)}', refused: '{[2,3)}' };
    expect(await ledger('replay')).toEqual({ ...before, covered: '{[1,2),[3,4)}', inserted: 2 });
    await system.sandbox.pool.query('ALTER TABLE test.people DROP CONSTRAINT people_name_check');
    await system.sandbox.start('consumer', ['dead', 'replay']).succeeds();
    await system.consume('test.people');
    expect(await ledger('replay')).toEqual({ ...before, covered: '{[1,4)}', inserted: 3 });
  });

  it('that a row is dead once its letter is safe, and not before', async () => {
    await system.create(CONTACTS);
    const { sandbox } = system;
    const full = { 'x-max-length': 1, 'x-overflow': 'reject-publish' };
    await sandbox.channel.deleteQueue('csv2db.dead');
    await sandbox.channel.assertQueue('csv2db.dead', { durable: true, arguments: full });
    sandbox.channel.sendToQueue('csv2db.dead', Buffer.from('another'));
    await send('letter', 1, 'Ada,ada@x.com\nonly a name\n');
    const consumer = sandbox.start('consumer', ['--table', 'test.people']);
    await consumer.logged(/did not take a dead letter for "csv2db.dead": it is full/);
    const stored = { ...EMPTY, covered: '{[1,2)}', inserted: 1 };
    expect(await ledger('letter')).toEqual(stored);
    consumer.kill('SIGKILL');
    await consumer.exit;
    await sandbox.channel.deleteQueue('csv2db.dead');
    await system.consume('test.people');
    expect(await ledger('letter')).toEqual({ ...stored, refused: '{[2,3)}' });
  });

  it('nothing of messages that name no import but the number of their rows', async () => {
    await system.create(CONTACTS);
    const { unnumbered: before } = await ledger('');
    await system.send('name,email', 'Ada,ada@x.com\nBob,bob@x.com\n');
    await system.send('name,email', '"of\ntwo lines",eve@x.com\nno end,fay@x.com');
    await system.send('name,mail', 'of,other\ncolumns,x\n');
    await system.sandbox.send('[{"name":"Cid","email":"cid@x.com"},\n\n{"name":"D"}]');
    await system.sandbox.send('no\nJSON\nat all');
    // an id that no database can hold is none
    await send('an\0id', 1, 'Gus,gus@x.com\n');
    await system.consume('test.people');
    expect((await ledger('')).unnumbered - before).toBe((await system.rows('people')).length);
    expect(await system.rows('people')).toHaveLength(7);
  });

  it('what its producer announced', async () => {
    await system.create(CONTACTS);
    const announcement = {
      begun: '2026-01-01T00:00:00.000Z',
      files: [],
      fileCount: 0,
      firstRow: 1,
      estimate: { lastRow: 20, madeAt: 5 },
    };
    await system.sandbox.send('', {
      contentType: 'application/vnd.csv2db.ledger',
      headers: { 'x-csv2db-import': 'news', 'x-csv2db-announcement': JSON.stringify(announcement) },
    });
    const { dead } = await system.consume('test.people');
    expect(dead).toBe(0);
    const { rows } = await system.sandbox.pool.query(
      "SELECT announcement FROM csv2db_announcements WHERE import = 'news'",
    );
    expect(rows).toEqual([{ announcement }]);
  });
});

it('a message for the ledger that tells nothing is a dead letter', async () => {
  await system.create(CONTACTS);
  for (const announcement of ['{"begun":1}', 'no JSON']) {
    await system.sandbox.send('', {
      contentType: 'application/vnd.csv2db.ledger',
      headers: { 'x-csv2db-import': 'broken', 'x-csv2db-announcement': announcement },
    });
  }
  await system.sandbox.send('', { contentType: 'application/vnd.csv2db.ledger' });
  await system.consume('test.people');
  const { ledger: letters } = await system.sandbox.takeAll('csv2db.dead');
  const reasons = letters.map(({ properties }) => String(properties.headers?.['x-csv2db-reason']));
  expect(reasons).toEqual(Array(3).fill('the message tells the ledger nothing of an import'));
});

it('an announcement is kept without the names of files that the database can not hold', async () => {
  await system.create(CONTACTS);
  const announcement = { begun: '2026-01-01T00:00:00.000Z', fileCount: 1, firstRow: 1 };
  const files = [{ name: 'a\0b.csv' }];
  await system.sandbox.send('', {
    contentType: 'application/vnd.csv2db.ledger',
    headers: {
      'x-csv2db-import': 'odd',
      'x-csv2db-announcement': JSON.stringify({ ...announcement, files }),
    },
  });
  await system.consume('test.people');
  const { rows } = await system.sandbox.pool.query(
    "SELECT announcement FROM csv2db_announcements WHERE import = 'odd'",
  );
  expect(rows).toEqual([{ announcement: { ...announcement, files: [] } }]);
});

describe('a ledger that can not be kept', () => {
  it('is said to be missing, and rows are stored all the same', async () => {
    await system.create(`${CONTACTS}; ALTER TABLE public.csv2db_ledger RENAME TO csv2db_away`);
    try {
      await send('unkept', 1, 'Ada,ada@x.com\n');
      const { inserted, log } = await system.consume('test.people');
      expect(inserted).toBe(1);
      expect(JSON.stringify(log)).toMatch(/there is no ledger, .* \\"consumer migrate\\"/);
    } finally {
      await system.sandbox.pool.query('ALTER TABLE csv2db_away RENAME TO csv2db_ledger');
    }
  });

  it('is kept as soon as it is there', async () => {
    await system.create(`${CONTACTS}; ALTER TABLE public.csv2db_ledger RENAME TO csv2db_away`);
    const consumer = system.sandbox.start('consumer', ['--table', 'test.people']);
    await consumer.logged(/^there is no ledger/);
    const count = async (): Promise<number> => (await system.rows('people')).length;
    await send('early', 1, 'Ada,ada@x.com\n');
    await until('the row is stored', async () => (await count()) === 1);
    await system.sandbox.pool.query('ALTER TABLE csv2db_away RENAME TO csv2db_ledger');
    await send('early', 2, 'Bob,bob@x.com\n');
    await until('the next one is stored', async () => (await count()) === 2);
    consumer.kill('SIGTERM');
    await consumer.succeeds();
    expect(await ledger('early')).toEqual({ ...EMPTY, covered: '{[2,3)}', inserted: 1 });
  });

  it('makes rows wait, and no dead letters, until it is mended', async () => {
    await system.create(`${CONTACTS};
      ALTER TABLE public.csv2db_ledger ADD CONSTRAINT broken CHECK (import <> 'waits')`);
    const consumer = system.sandbox.start('consumer', ['--table', 'test.people']);
    try {
      await send('waits', 1, 'Ada,ada@x.com\nonly a name\n');
      await consumer.logged(/ledger can't be written: .*"broken"/);
      expect(await system.rows('people')).toEqual([]);
    } finally {
      await system.sandbox.pool.query('ALTER TABLE csv2db_ledger DROP CONSTRAINT broken');
    }
    const count = async (): Promise<number> => (await system.rows('people')).length;
    await until('the row is stored', async () => (await count()) === 1);
    consumer.kill('SIGTERM');
    await consumer.succeeds();
    const waits = { ...EMPTY, covered: '{[1,2)}', refused: '{[2,3)}', inserted: 1 };
    expect(await ledger('waits')).toEqual(waits);
  });
});

describe('a table that is changed while a consumer runs', () => {
  it('takes the dead letters that it was changed for', async () => {
    await system.create('CREATE TABLE test.counts (id int PRIMARY KEY, count int)');
    const flags = ['--table', 'test.counts', '--parallel', '1'];
    const consumer = system.sandbox.start('consumer', flags);
    await consumer.logged(/^consuming/);
    await system.send('id,count', '1,3000000000\n2,3000000001\n');
    const dead = async (): Promise<number> => await system.sandbox.ready('csv2db.dead');
    await until('both are dead', async () => (await dead()) === 2);
    await system.sandbox.pool.query('ALTER TABLE test.counts ALTER count TYPE bigint');
    await system.sandbox.start('consumer', ['dead', 'replay']).succeeds();
    const count = async () => (await system.rows('counts')).length;
    await until('both are stored', async () => (await count()) === 2);
    consumer.kill('SIGTERM');
    await consumer.succeeds();
    expect(await dead()).toBe(0);
  });

  it('is looked at again, before a value is read as what its column was', async () => {
    await system.create('CREATE TABLE test.days (id int PRIMARY KEY, day date)');
    const flags = ['--table', 'test.days', '--parallel', '1'];
    const consumer = system.sandbox.start('consumer', flags);
    await consumer.logged(/^consuming/);
    const store = async (body: string, rows: number): Promise<void> => {
      await system.send('id,day', body);
      const count = async () => (await system.rows('days')).length;
      await until(`there are ${rows} rows`, async () => (await count()) === rows);
    };
    await store('1,2026-01-01\n', 1);
    await system.sandbox.pool.query(
      "ALTER TABLE test.days ALTER day TYPE timestamp; INSERT INTO test.days VALUES (9, '2026-01-09')",
    );
    // for the duplicate, all of them are inserted
    await store('9,2026-01-09\n2,2026-01-02 12:34:56\n', 3);
    consumer.kill('SIGTERM');
    await consumer.succeeds();
    expect(await system.rows('days')).toContain('(2,"2026-01-02 12:34:56")');
    expect(consumer.output).not.toMatch(/pauses/);
  });
});
