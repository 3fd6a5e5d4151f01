import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { DATA } from './processes.ts';
import { Sandbox, until } from './sandbox.ts';

/** The messages of three rows that the awkward files become. */
const CANONICAL: Record<string, string[]> = {
  quotes: [
    '"Doe, Jane",jane.doe@example.com\n' +
      '"Robert ""Bob"" Roe",bob.roe@example.com\n' +
      '"Line one\nline two",two.lines@example.com\n',
    'Quoted,quoted@example.com\nZoë Ünïcode,zoe@example.com\n',
  ],
  windows: [
    'Bom First,bom.first@example.com\n"Cr, Lf",cr.lf@example.com\n',
    'No Break At The End,no.break@example.com\n',
  ],
};

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await Sandbox.create();
  return () => sandbox.destroy();
});

it('a message is one row as JSON, persistent, byte for byte as the original sends it', async () => {
  const began = Math.floor(Date.now() / 1000);
  const producer = sandbox.start('producer', [
    '--file',
    join(DATA, 'awkward_quotes.csv'),
    '--parallel',
    '1',
  ]);
  await producer.succeeds();
  const messages = await sandbox.take();
  expect(messages.map(({ content }) => content)).toEqual(
    [
      '{"name":"Doe, Jane","email":"jane.doe@example.com"}',
      '{"name":"Robert \\"Bob\\" Roe","email":"bob.roe@example.com"}',
      '{"name":"Line one\\nline two","email":"two.lines@example.com"}',
      '{"name":"Quoted","email":"quoted@example.com"}',
      '{"name":"Zoë Ünïcode","email":"zoe@example.com"}',
    ].map((body) => Buffer.from(body)),
  );
  for (const { fields, properties } of messages) {
    expect(fields).toMatchObject({ exchange: '', routingKey: 'csv2db' });
    expect(properties).toMatchObject({ contentType: 'application/json', deliveryMode: 2 });
    // of AMQP, in seconds
    expect(properties.timestamp).toBeGreaterThanOrEqual(began);
    expect(properties.timestamp).toBeLessThanOrEqual(Date.now() / 1000);
    const headers: Record<string, unknown> = properties.headers ?? {};
    const [importId, row] = [headers['x-csv2db-import'], headers['x-csv2db-row']];
    expect(properties.messageId).toBe(`${String(importId)}-${String(row)}`);
  }
});

it('--parallel 1 keeps the order of the file', async () => {
  const file = join(DATA, 'data_10000.csv');
  const flags = ['--parallel', '1', '--limit', '3000'];
  const producer = sandbox.start('producer', ['--file', file, ...flags]);
  await producer.succeeds();
  const rows = (await sandbox.take()).map(({ content }) => {
    const { name, email } = JSON.parse(String(content)) as { name: string; email: string };
    return `${name},${email}`;
  });
  const text = await readFile(file, 'utf8');
  expect(rows).toEqual(text.split('\n').slice(0, 3_000));
});

describe('--rows-per-message', () => {
  it.each(['quotes', 'windows'])(
    'makes a message canonical CSV, byte for byte, of a file with %s',
    async (kind) => {
      const file = join(DATA, `awkward_${kind}.csv`);
      const flags = ['--parallel', '1', '--rows-per-message', '3'];
      const producer = sandbox.start('producer', ['--file', file, ...flags]);
      await producer.succeeds();
      const messages = await sandbox.take();
      expect(messages.map(({ content }) => String(content))).toEqual(CANONICAL[kind]);
      for (const { properties } of messages) {
        expect(properties).toMatchObject({ contentType: 'text/csv', deliveryMode: 2 });
      }
    },
  );

  it('says in each message which rows it has, and none goes on behind a rejected one', async () => {
    const file = join(DATA, 'awkward_invalid.csv');
    const flags = ['--parallel', '1', '--rows-per-message', '3'];
    const producer = sandbox.start('producer', ['--file', file, ...flags]);
    await producer.succeeds();
    const rows = (await readFile(file, 'utf8')).trimEnd().split('\n');
    const messages = await sandbox.take();
    expect(messages.length).toBeGreaterThan(1);
    for (const { content, properties } of messages) {
      const lines = String(content).trimEnd().split('\n');
      const headers: Record<string, unknown> = properties.headers ?? {};
      const [first, count] = [Number(headers['x-csv2db-row']), headers['x-csv2db-rows'] ?? 1];
      expect(lines.length).toBe(count);
      expect(lines.length).toBeLessThanOrEqual(3);
      expect(rows.slice(first - 1, first - 1 + lines.length)).toEqual(lines);
    }
  });

  it('leads to the same rows in the table, mixed with messages of one', async () => {
    await sandbox.migrate();
    const consumer = sandbox.start('consumer');
    await consumer.logged(/^consuming/);
    for (const [name, rows] of [
      ['data_1000.csv', '1'],
      ['data_10000.csv', '700'],
    ] as const) {
      const file = join(DATA, name);
      const producer = sandbox.start('producer', ['--file', file, '--rows-per-message', rows]);
      await producer.succeeds();
    }
    const texts = await Promise.all(
      ['data_1000.csv', 'data_10000.csv'].map((name) => readFile(join(DATA, name), 'utf8')),
    );
    const emails = new Set(texts.flatMap((text) => text.match(/[^,\n]+$/gm)));
    await until('all are there', async () => (await sandbox.countContacts()) === emails.size);
  });
});

it('a bad row among several is dead-lettered alone, with its number', async () => {
  await sandbox.migrate();
  const rows = [
    { name: 'First', email: 'first@example.com' },
    { name: 'N\0ul', email: 'nul@example.com' },
    { name: 'Tab\tand\\slash\r\n', email: 'tab@example.com' },
    { email: 'nameless@example.com' },
    { name: 'Twice', email: 'first@example.com' },
  ];
  await sandbox.send(JSON.stringify(rows), {
    headers: { 'x-csv2db-import': 'i', 'x-csv2db-row': 10, 'x-csv2db-rows': 5 },
  });
  sandbox.start('consumer');
  await until('two dead letters', async () => (await sandbox.ready('csv2db.dead')) === 2);
  expect(await sandbox.contacts()).toEqual([rows[0], rows[2]]);
  const dead = await sandbox.take('csv2db.dead');
  const found = dead.map(({ content, properties }) => {
    const headers: Record<string, unknown> = properties.headers ?? {};
    const row: unknown = JSON.parse(String(content));
    return [row, headers['x-csv2db-row'], headers['x-csv2db-rows']];
  });
  expect(found).toContainEqual([rows[1], 11, undefined]);
  expect(found).toContainEqual([rows[3], 13, undefined]);
});

it('both services declare the same durable quorum queues, where there are none', async () => {
  await sandbox.migrate();
  const producer = sandbox.start('producer', ['--file', join(DATA, 'data_1000.csv')]);
  await producer.succeeds();
  const consumer = sandbox.start('consumer');
  await consumer.logged(/^consuming/);
  expect(consumer.log.filter(({ msg }) => /is used as it is/.test(String(msg)))).toEqual([]);
  // since RabbitMQ 4, letters would be deleted by and by, as they are looked at
  const { version } = sandbox.channel.connection.serverProperties;
  const unlimited = Number.parseInt(version) >= 4 && { 'x-delivery-limit': -1 };
  // a declaration with the same arguments is accepted, with others it is not
  await sandbox.channel.assertQueue('csv2db.dead', {
    durable: true,
    arguments: { 'x-queue-type': 'quorum', ...unlimited },
  });
  await sandbox.channel.assertQueue('csv2db', {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-delivery-limit': 20,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'csv2db.dead',
      'x-dead-letter-strategy': 'at-least-once',
      'x-overflow': 'reject-publish',
    },
  });
});

it('a classic queue that is there already is used as it is, and that is explained', async () => {
  await sandbox.channel.assertQueue('csv2db', { durable: true });
  const producer = sandbox.start('producer', ['--file', join(DATA, 'data_1000.csv')]);
  await producer.succeeds();
  await producer.logged(/^the queue "csv2db" is used as it is: inequivalent arg /);
  expect(await sandbox.take()).toHaveLength(1_000);
});

it('--queue-type classic declares classic queues', async () => {
  const flags = ['--queue-type', 'classic'];
  const producer = sandbox.start('producer', ['--file', join(DATA, 'data_1000.csv'), ...flags]);
  await producer.succeeds();
  await sandbox.channel.assertQueue('csv2db', { durable: true });
  await sandbox.channel.assertQueue('csv2db.dead', { durable: true });
});
