import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { Sandbox, until } from './sandbox.ts';

const DEEP = '['.repeat(20_000) + ']'.repeat(20_000);

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await Sandbox.migrated();
  return () => sandbox.destroy();
});

/** Declares the queues of a type as the services do. */
async function declare(type: string): Promise<void> {
  const run = sandbox.start('producer', ['--file', '/dev/null', '--queue-type', type]);
  await run.succeeds();
}

/** Sends bodies, stores what can be stored, and waits until so many others are dead. */
async function store(
  messages: readonly (readonly [Buffer | string, object?])[],
  dead: number,
): Promise<void> {
  for (const [body, options] of messages) {
    sandbox.channel.sendToQueue('csv2db', Buffer.from(body), { persistent: true, ...options });
  }
  const consumer = sandbox.start('consumer');
  await until(`${dead} dead letters`, async () => {
    await consumer.logged(/^consuming/);
    return (await sandbox.ready('csv2db.dead')) === dead;
  });
  consumer.kill('SIGTERM');
  await consumer.succeeds();
  expect(consumer.log.filter(({ msg }) => /again/.test(String(msg)))).toEqual([]);
  expect(await sandbox.ready()).toBe(0);
}

describe.each(['quorum', 'classic'])('on %s queues,', (type) => {
  // cause: what amqplib could not encode ended the session, and the broker delivered the same again
  it('a bad message is dead whatever its headers and properties are', async () => {
    await declare(type);
    await store(
      [
        ['{"name":"One","email":"one@example.com"}'],
        ['not json', { headers: { trace: 'x'.repeat(65_450), 'x-csv2db-row': 7 } }],
        ['[null]', { headers: { CC: ['csv2db'], nested: { a: [{ b: null }] } } }],
        ['not json', { expiration: '3600000', userId: 'fcuser', priority: 9 }],
        ['{"name":"Two","email":"two@example.com"}'],
      ],
      3,
    );
    expect((await sandbox.contacts()).map(({ name }) => name)).toEqual(['One', 'Two']);
    const letters = await sandbox.take('csv2db.dead');
    const bare = letters.find(({ properties }) => properties.headers?.['x-csv2db-row'] === 7);
    expect(bare?.properties.headers).toMatchObject({
      'x-csv2db-reason': expect.stringMatching(
        /not JSON.* \(headers and properties were left out: /,
      ) as unknown,
      'x-csv2db-attempts': 1,
    });
    expect(String(bare?.content)).toBe('not json');
  });

  // cause: JSON.stringify is recursive, JSON.parse is not
  it('a row that is nested too deep is dead in its message, and the others of it are stored', async () => {
    await declare(type);
    const deepMember = `{"name":"N\\u0000ul","email":"nul@example.com","more":${DEEP}}`;
    await store(
      [
        [`[{"name":"One","email":"one@example.com"},${DEEP},${deepMember}]`],
        [DEEP],
        ['{"name":"Two","email":"two@example.com"}'],
      ],
      2,
    );
    expect((await sandbox.contacts()).map(({ name }) => name)).toEqual(['One', 'Two']);
  });
});

it('what other programs send is stored or dead, and nothing of it is changed', async () => {
  await declare('quorum');
  const good = [
    ['{"name":"Extra","email":"extra@example.com","phone":1}'],
    ['{"name":"Dup","email":"first@example.com","email":"second@example.com"}'],
    ['{"name":"Space","email":" sp@example.com "}'],
    ['{"name":"","email":""}'],
  ] as const;
  const bad = [
    [gzipSync('{"name":"G","email":"g@example.com"}'), { contentEncoding: 'gzip' }],
    [Buffer.from('{"name":"U16","email":"u16@example.com"}', 'utf16le')],
    ['<contact><name>X</name></contact>'],
    ['{"Name":"Case","EMAIL":"case@example.com"}'],
    ['{"name":123,"email":"num@example.com"}'],
    ['{"__proto__":{"name":"P","email":"p@example.com"}}'],
    ['{"name":"half \\ud83d","email":"half@example.com"}'],
    ['{"name":"nul\\u0000","email":"nul@example.com"}'],
    ['\ufeff{"name":"Bom","email":"bom@example.com"}'],
    ['{"name":"a","email":"a@example.com"}\n{"name":"b","email":"b@example.com"}'],
    ['[]'],
    [''],
    ['null'],
  ] as const;
  await store([...good, ...bad], bad.length);
  expect((await sandbox.contacts()).map(({ email }) => email)).toEqual([
    '',
    ' sp@example.com ',
    'extra@example.com',
    'second@example.com',
  ]);
  const bodies = (await sandbox.take('csv2db.dead')).map(({ content }) => content.toString('hex'));
  expect(bodies.sort()).toEqual(bad.map(([body]) => Buffer.from(body).toString('hex')).sort());
});

it('of a message of many bad rows each is dead', async () => {
  await declare('quorum');
  await store([[`[${'{},'.repeat(4_999)}{"name":"Good","email":"good@example.com"}]`]], 4_999);
  expect(await sandbox.countContacts()).toBe(1);
});

// cause: 100 messages were taken in at once, however large they were: 40 of 20 MB took 1.1 GB
it('two messages are taken in at first, and more once their size is known', async () => {
  for (let number = 1; number <= 10; number += 1) {
    await sandbox.send(`{"name":"N","email":"${number}@example.com"}`);
  }
  const holder = await sandbox.pool.connect();
  try {
    await holder.query("BEGIN; INSERT INTO contacts VALUES ('N', '1@example.com')");
    sandbox.start('consumer', ['--parallel', '1']);
    await until('the first row waits for the other one', async () => {
      const { rowCount } = await sandbox.pool.query(
        "SELECT FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'",
      );
      return rowCount === 1;
    });
    expect(await sandbox.ready()).toBe(8);
  } finally {
    await holder.query('ROLLBACK');
    holder.release();
  }
  await until('all are there', async () => (await sandbox.countContacts()) === 10);
});

it('a dead-letter queue that is full is waited for, and then takes every letter', async () => {
  await sandbox.channel.assertQueue('csv2db.dead', {
    durable: true,
    arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
  });
  await declare('quorum');
  for (const body of ['first', 'second', 'third']) {
    sandbox.channel.sendToQueue('csv2db', Buffer.from(body), { persistent: true });
  }
  const consumer = sandbox.start('consumer', ['--parallel', '1']);
  await consumer.logged(/did not take a dead letter for "csv2db.dead": it is full/);
  const found = new Set<string>();
  await until('each has been taken', async () => {
    for (const { content } of await sandbox.take('csv2db.dead')) found.add(String(content));
    return found.size === 3;
  });
  await until('nothing is left', async () => (await sandbox.ready()) === 0);
});

// cause: only rows that are letters of their own were known to be dead
it('a message that is one letter for rows nested too deep is dead once, however often it is tried', async () => {
  await sandbox.channel.assertQueue('csv2db.dead', {
    durable: true,
    arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' },
  });
  await declare('quorum');
  const message = `[${DEEP},{},${DEEP}]`;
  sandbox.channel.sendToQueue('csv2db', Buffer.from(message), { persistent: true });
  const consumer = sandbox.start('consumer', ['--parallel', '1']);
  await consumer.logged(/did not take a dead letter for "csv2db.dead": it is full/);
  const found: string[] = [];
  await until('the message is acknowledged', async () => {
    for (const { content } of await sandbox.take('csv2db.dead')) found.push(String(content));
    return consumer.log.some(({ msg }) => /^message moved/.test(String(msg)));
  });
  for (const { content } of await sandbox.take('csv2db.dead')) found.push(String(content));
  expect(found).toEqual([message, '{}']);
});
