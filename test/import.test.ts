import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { beforeEach, describe, expect, it } from 'vitest';
import { incompressible } from './incompressible.ts';
import { DATA, type Run } from './processes.ts';
import { databaseUrl, Sandbox, until } from './sandbox.ts';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await Sandbox.migrated();
  await sandbox.declareQueue();
  return () => sandbox.destroy();
});

async function produce(file: string, ...args: string[]) {
  const producer = sandbox.start('producer', ['--file', join(DATA, file), ...args]);
  await producer.succeeds();
  return { log: producer.log, summary: await producer.logged(/^finished/) };
}

/** Stops a consumer and returns its totals. */
async function stop(consumer: Run): Promise<Record<string, unknown>> {
  consumer.kill('SIGTERM');
  await consumer.succeeds();
  return await consumer.logged(/^stopped/);
}

/** Waits until the table has `count` rows and nothing is left in the queue. */
async function arrived(count: number): Promise<void> {
  await until(`${count} rows in the table`, async () => (await sandbox.countContacts()) === count);
}

const sum = (totals: Record<string, unknown>[], key: string): number =>
  totals.reduce((total, line) => total + Number(line[key]), 0);

describe('an import', () => {
  it.each([
    ['data_1000.csv', 1_000],
    ['data_10000.csv', 10_000],
  ])('of %s by two consumers stores every row once', async (file, count) => {
    const consumers = [sandbox.start('consumer'), sandbox.start('consumer')];
    const { summary } = await produce(file);
    expect(summary).toMatchObject({ read: count, published: count, rejected: 0 });
    await arrived(count);

    const totals = await Promise.all(consumers.map(stop));
    expect(sum(totals, 'inserted')).toBe(count);
    expect(sum(totals, 'duplicates')).toBe(0);
    expect(await sandbox.ready()).toBe(0);
    expect(await sandbox.ready('csv2db.dead')).toBe(0);

    const lines = (await readFile(join(DATA, file), 'utf8')).trimEnd().split('\n');
    const stored = (await sandbox.contacts()).map(({ name, email }) => `${name},${email}`);
    expect(stored.toSorted()).toEqual(lines.toSorted());
  });

  it('run twice finds every row a duplicate the second time', async () => {
    const consumer = sandbox.start('consumer');
    await produce('data_1000.csv');
    await produce('data_1000.csv');
    await arrived(1_000);
    await until('the queue is empty', async () => (await sandbox.ready()) === 0);
    expect(await stop(consumer)).toMatchObject({ inserted: 1_000, duplicates: 1_000, dead: 0 });
    expect(await sandbox.countContacts()).toBe(1_000);
  });

  it('of a file with duplicates stores the first of each, and counts the others', async () => {
    await produce('awkward_duplicates.csv', '--parallel', '1');
    const consumer = sandbox.start('consumer', ['--parallel', '1']);
    await arrived(3);
    expect(await stop(consumer)).toMatchObject({ inserted: 3, duplicates: 1, dead: 0 });
    expect(await sandbox.contacts()).toEqual([
      { name: 'Upper Case', email: 'SAME@example.com' },
      { name: 'Other', email: 'other@example.com' },
      { name: 'First Comes', email: 'same@example.com' },
    ]);
  });

  it('of a file with bad rows logs and skips them, and stores the others', async () => {
    const { log, summary } = await produce('awkward_invalid.csv');
    expect(summary).toMatchObject({ read: 15, published: 3, rejected: 12 });
    const rejects = log.filter(({ msg }) => /^row \d+ \(line \d+\) rejected: /.test(String(msg)));
    expect(rejects.map(({ row, reason }) => `${String(row)}: ${String(reason)}`)).toEqual([
      '2: the name is empty',
      '3: the email is not valid: "emz"',
      '4: the email is not valid: "@dd.com"',
      '5: the email is not valid: "em@"',
      '6: 1 field instead of 2 (name,email)',
      '7: 3 fields instead of 2 (name,email)',
      `8: the email is not valid: "long@${'a'.repeat(64)}.com"`,
      '9: a quote stands inside a field that does not begin with one',
      '10: text follows the closing quote of a field',
      '11: the row is not valid UTF-8',
    ]);
    sandbox.start('consumer');
    await arrived(3);
    expect((await sandbox.contacts()).map(({ email }) => email)).toEqual([
      'good.one@example.com',
      'good.two@example.com',
      'lala@com',
    ]);
  });

  it.each([
    [
      'awkward_quotes.csv',
      [
        { name: 'Robert "Bob" Roe', email: 'bob.roe@example.com' },
        { name: 'Doe, Jane', email: 'jane.doe@example.com' },
        { name: 'Quoted', email: 'quoted@example.com' },
        { name: 'Line one\nline two', email: 'two.lines@example.com' },
        { name: 'Zoë Ünïcode', email: 'zoe@example.com' },
      ],
    ],
    [
      'awkward_windows.csv',
      [
        { name: 'Bom First', email: 'bom.first@example.com' },
        { name: 'Cr, Lf', email: 'cr.lf@example.com' },
        { name: 'No Break At The End', email: 'no.break@example.com' },
      ],
    ],
    [
      'awkward_unclosed_quote.csv',
      [
        { name: 'After One', email: 'after.one@example.com' },
        { name: 'After Three', email: 'after.three@example.com' },
        { name: 'After, Two', email: 'after.two@example.com' },
        { name: 'Before', email: 'before@example.com' },
      ],
    ],
  ])('of %s stores what it says', async (file, contacts) => {
    sandbox.start('consumer');
    await produce(file);
    await arrived(contacts.length);
    expect(await sandbox.contacts()).toEqual(contacts);
  });

  it('into a queue and a database of other names works the same', async () => {
    const name = `${sandbox.databaseName}_other`;
    const [queue, database] = [
      ['--queue-name', 'other'],
      ['--db-name', name],
    ];
    await sandbox.start('consumer', ['migrate', ...database]).succeeds();
    const pool = new pg.Pool({ connectionString: new URL(`/${name}`, databaseUrl()).href });
    try {
      const consumer = sandbox.start('consumer', [...queue, ...database]);
      await produce('data_1000.csv', ...queue);
      await until('all are there', async () => {
        const { rowCount } = await pool.query('SELECT FROM contacts');
        return rowCount === 1_000;
      });
      await stop(consumer);
      expect(await sandbox.ready('other.dead')).toBe(0);
      expect(await sandbox.countContacts()).toBe(0);
    } finally {
      await pool.end();
      await sandbox.start('consumer', ['drop-db', ...database]).succeeds();
    }
  });
});

describe('the consumer', () => {
  it('stores the good messages of a batch, and moves the bad ones to the dead queue as they were', async () => {
    await sandbox.send('{"name":"Ada","email":"ada@example.com"}');
    await sandbox.send('not json', { messageId: 'm-1', headers: { 'x-origin': 'test' } });
    await sandbox.send('{"name":"No Email"}', { expiration: '600000', userId: undefined });
    await sandbox.send('{"name":"N\\u0000ul","email":"nul@example.com"}');
    await sandbox.send(
      JSON.stringify({ name: 'Long', email: `${incompressible(9_000)}@example.com` }),
    );
    await sandbox.send('{"name":"Bob","email":"bob@example.com"}');
    const consumer = sandbox.start('consumer', ['--parallel', '1']);
    await arrived(2);
    expect(await stop(consumer)).toMatchObject({ inserted: 2, duplicates: 0, dead: 4 });
    expect(await sandbox.ready()).toBe(0);

    const dead = await sandbox.take('csv2db.dead');
    const reasons = dead.map(({ properties }) => String(properties.headers?.['x-csv2db-reason']));
    expect(reasons.toSorted()).toEqual([
      expect.stringMatching(/^index row /),
      expect.stringMatching(/^invalid byte sequence /),
      expect.stringMatching(/^the body is not JSON/),
      'the row has no "email" string',
    ]);
    const poison = dead.find(({ content }) => String(content) === 'not json');
    expect(poison?.properties).toMatchObject({ messageId: 'm-1', deliveryMode: 2 });
    expect(poison?.properties.headers).toMatchObject({ 'x-origin': 'test' });
  });

  it('keeps a dead letter whose queue was deleted, until there is one again', async () => {
    await sandbox.declareQueue();
    const consumer = sandbox.start('consumer');
    await consumer.logged(/^consuming/);
    await sandbox.channel.deleteQueue('csv2db.dead');
    await sandbox.send('not json');
    await consumer.logged(/^the queue "csv2db\.dead" is gone; connecting again$/);
    await consumer.logged(/^message moved to the dead-letter queue/);
    expect(await sandbox.ready('csv2db.dead')).toBe(1);
    expect(await stop(consumer)).toMatchObject({ dead: 1 });
  });

  it('isolates one refused row among thousands', async () => {
    const producer = sandbox.start('producer', ['--file', join(DATA, 'data_10000.csv')]);
    expect(await producer.exit).toBe(0);
    await sandbox.send('{"name":"N\\u0000ul","email":"nul@example.com"}');
    sandbox.start('consumer');
    await arrived(10_000);
    await until('a dead letter', async () => (await sandbox.ready('csv2db.dead')) === 1);
  });

  it('logs a line for each batch at debug, and none at info', async () => {
    await produce('data_1000.csv');
    const consumer = sandbox.start('consumer', ['--log-level', 'debug']);
    await arrived(1_000);
    await stop(consumer);
    const batches = consumer.log.filter(({ msg }) => /^batch \d+ stored/.test(String(msg)));
    expect(sum(batches, 'inserted')).toBe(1_000);
    expect(batches.every(({ level }) => level === 'debug')).toBe(true);
  });
});
