import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { finish } from './finish.ts';
import { Sandbox, until } from './sandbox.ts';

let sandbox: Sandbox;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
  sandbox = await Sandbox.migrated();
});

afterEach(async () => {
  await sandbox.destroy();
  await rm(folder, { recursive: true });
});

/** A trigger that does this before each row. */
async function beforeEachRow(body: string): Promise<void> {
  await sandbox.pool.query(`
    CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql
      AS $$ BEGIN ${body}; RETURN NEW; END $$;
    CREATE OR REPLACE TRIGGER t BEFORE INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION f()`);
}

async function produce(lines: string[], ...args: string[]): Promise<void> {
  const file = join(folder, 'rows.csv');
  await writeFile(file, `${lines.join('\n')}\n`);
  const producer = sandbox.start('producer', ['--file', file, ...args]);
  await producer.succeeds();
}

const people = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `Name ${index},${index}@example.com`);

async function arrived(count: number): Promise<void> {
  await until(`${count} rows`, async () => (await sandbox.countContacts()) === count, 50);
}

async function deadLetters(): Promise<unknown[]> {
  const letters = await sandbox.take('csv2db.dead');
  return letters.map(({ properties }): unknown[] => [
    properties.headers?.['x-csv2db-sqlstate'],
    properties.headers?.['x-csv2db-reason'],
  ]);
}

describe('a row that a trigger refuses is a dead letter with its reason, and the others are stored:', () => {
  // only some SQLSTATEs were taken for the fault of a row, and all else for an outage
  it.each([
    ['an exception', `RAISE 'name % is banned', NEW.name`, 'P0001', 'name BANNED is banned'],
    ['a code of its own', `RAISE 'no' USING ERRCODE = 'ZZ042'`, 'ZZ042', 'no'],
    [
      'a table that is not there',
      `PERFORM FROM nowhere`,
      '42P01',
      'relation "nowhere" does not exist',
    ],
    ['a right that is missing', `RAISE insufficient_privilege USING MESSAGE = 'no'`, '42501', 'no'],
  ])('%s', async (_, body, sqlstate, reason) => {
    await beforeEachRow(`IF NEW.name = 'BANNED' THEN ${body}; END IF`);
    await produce(['Ann,ann@example.org', 'BANNED,joe@example.org', ...people(100)]);
    const consumer = sandbox.start('consumer', ['--parallel', '1']);
    await arrived(101);
    expect(await finish(sandbox, consumer)).toMatchObject({
      inserted: 101,
      duplicates: 0,
      dead: 1,
    });
    expect(await deadLetters()).toEqual([[sqlstate, reason]]);
  });

  // a batch of one row can't tell whether others would be taken
  it.each([
    ['an exception', `RAISE 'closed today'`, /: closed today$/],
    [
      'a fault of the set-up',
      `IF NEW.name = 'Name 0' THEN PERFORM FROM nowhere; END IF`,
      /nowhere/,
    ],
  ])('also when it is the only one: %s', async (_, body, reason) => {
    await beforeEachRow(body);
    await produce(people(1));
    const consumer = sandbox.start('consumer', ['--parallel', '1']);
    const { msg } = await consumer.logged(/ moved to the dead-letter queue: /);
    expect(msg).toMatch(reason);
    expect(await finish(sandbox, consumer)).toMatchObject({ inserted: 0, dead: 1 });
  });
});

describe('what every row meets is waited for, and is no dead letter:', () => {
  // the database's log was flooded with single rows that failed, at each retry
  it('a trigger that is broken, which is not tried with each row', async () => {
    await sandbox.pool.query('CREATE SEQUENCE attempts');
    await beforeEachRow(`PERFORM nextval('attempts'); NEW.nothing := 1`);
    await produce(people(2_000), '--rows-per-message', '1000');
    const consumer = sandbox.start('consumer', ['--parallel', '1']);
    await consumer.logged(/"nothing".*no row is taken; storing pauses until it works$/);
    const { rows } = await sandbox.pool.query<{ last_value: string }>(
      'SELECT last_value FROM attempts',
    );
    expect(Number(rows[0]?.last_value)).toBeLessThan(50);
    await beforeEachRow('NULL');
    await consumer.logged(/^PostgreSQL works again$/);
    await arrived(2_000);
    expect(await finish(sandbox, consumer)).toMatchObject({ dead: 0 });
    expect(consumer.log.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  // a duplicate passes, and was taken for the proof that the others could
  it('a trigger that is broken behind the insertion', async () => {
    await produce(people(20), '--rows-per-message', '10');
    const first = sandbox.start('consumer', ['--parallel', '1']);
    await arrived(20);
    await finish(sandbox, first);
    await sandbox.pool.query(`
      CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN INSERT INTO audit VALUES (NEW.email); RETURN NULL; END';
      CREATE TRIGGER audit AFTER INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION audit()`);
    await produce(people(40), '--rows-per-message', '100');
    const consumer = sandbox.start('consumer', ['--parallel', '1']);
    await consumer.logged(
      /"audit" does not exist.*no row is taken; storing pauses until it works$/,
    );
    await sandbox.pool.query('CREATE TABLE audit (email text)');
    await arrived(40);
    expect(await finish(sandbox, consumer)).toMatchObject({
      inserted: 20,
      duplicates: 20,
      dead: 0,
    });
  });

  // what waits for the commit was never tried with the row that nobody sent
  it('a trigger that is broken and waits for the commit', async () => {
    await sandbox.pool.query(`
      CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN INSERT INTO audit VALUES (NEW.email); RETURN NULL; END';
      CREATE CONSTRAINT TRIGGER audit AFTER INSERT ON contacts DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION audit()`);
    await produce(people(40), '--rows-per-message', '100');
    const consumer = sandbox.start('consumer', ['--parallel', '1']);
    await consumer.logged(
      /"audit" does not exist.*no row is taken; storing pauses until it works$/,
    );
    await sandbox.pool.query('CREATE TABLE audit (email text)');
    await arrived(40);
    expect(await finish(sandbox, consumer)).toMatchObject({ inserted: 40, dead: 0 });
  });

  // what failed for a table that changed in the meantime was taken for the fault of the rows
  it('a table that breaks in the middle of a batch, and is mended', async () => {
    await sandbox.pool.query('CREATE SEQUENCE attempts');
    await beforeEachRow(
      `IF nextval('attempts') > 150 THEN NEW.nothing := 1; END IF;
       IF NEW.name = 'BANNED' THEN RAISE 'banned'; END IF`,
    );
    await produce(['BANNED,joe@example.org', ...people(300)], '--rows-per-message', '1000');
    const consumer = sandbox.start('consumer', ['--parallel', '1']);
    await consumer.logged(/"nothing".*; storing pauses until it works$/);
    await beforeEachRow(`IF NEW.name = 'BANNED' THEN RAISE 'banned'; END IF`);
    await arrived(300);
    expect(await finish(sandbox, consumer)).toMatchObject({ dead: 1 });
    expect(await deadLetters()).toEqual([['P0001', 'banned']]);
  });
});

describe('what takes the database too long', () => {
  const limit = ['--parallel', '1', '--statement-timeout', '1s'];

  // the same batch met the time limit again and again
  it('is tried with fewer rows, until they finish in time', async () => {
    await beforeEachRow('PERFORM pg_sleep(0.004)');
    await produce(people(1_500), '--rows-per-message', '500');
    const consumer = sandbox.start('consumer', limit);
    await consumer.logged(/^\d+ rows at once did not finish in 1 s \(--statement-timeout\): going/);
    await arrived(1_500);
    expect(await finish(sandbox, consumer)).toMatchObject({
      inserted: 1_500,
      duplicates: 0,
      dead: 0,
    });
    const lines = consumer.log.filter(({ msg }) => /at once did not finish/.test(String(msg)));
    expect(lines.length, 'it remembers how many do').toBeLessThan(6);
  });

  it('is said, and waited for, when it is a single row', async () => {
    await beforeEachRow(`IF NEW.name = 'Slow' THEN PERFORM pg_sleep(60); END IF`);
    await produce(['Slow,slow@example.com', ...people(3)]);
    const consumer = sandbox.start('consumer', limit);
    await consumer.logged(
      /^PostgreSQL could not store even a single row within 1 s \(--statement-timeout\): cancel.*; storing pauses/,
    );
    await beforeEachRow('NULL');
    await arrived(4);
    expect(await finish(sandbox, consumer)).toMatchObject({ dead: 0 });
  });

  it('is said to be a lock, when somebody holds one on the table', async () => {
    const consumer = sandbox.start('consumer', limit);
    await consumer.logged(/^consuming/);
    const holder = await sandbox.pool.connect();
    try {
      await holder.query('BEGIN; LOCK TABLE contacts IN EXCLUSIVE MODE');
      await produce(people(10));
      await consumer.logged(/ waited for somebody's lock on the table: .*; storing pauses/);
      await holder.query('COMMIT');
      await arrived(10);
      expect(await finish(sandbox, consumer)).toMatchObject({ inserted: 10, dead: 0 });
      expect(consumer.output).not.toMatch(/did not finish/);
    } finally {
      holder.release();
    }
  });
});
