import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DATA } from './processes.ts';
import { Sandbox } from './sandbox.ts';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await Sandbox.create();
});

afterEach(async () => {
  await sandbox.destroy();
});

it('a message is one row as JSON, persistent, byte for byte as the original sends it', async () => {
  const producer = sandbox.start('producer', [
    '--file',
    join(DATA, 'awkward_quotes.csv'),
    '--parallel',
    '1',
  ]);
  expect(await producer.exit, producer.output).toBe(0);
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
    const headers: Record<string, unknown> = properties.headers ?? {};
    const [importId, row] = [headers['x-csv2db-import'], headers['x-csv2db-row']];
    expect(properties.messageId).toBe(`${String(importId)}-${String(row)}`);
  }
});

it('both services declare the same durable quorum queues, where there are none', async () => {
  await sandbox.migrate();
  const producer = sandbox.start('producer', ['--file', join(DATA, 'data_1000.csv')]);
  expect(await producer.exit, producer.output).toBe(0);
  const consumer = sandbox.start('consumer');
  await consumer.logged(/^consuming/);
  expect(consumer.log.filter(({ msg }) => /is used as it is/.test(String(msg)))).toEqual([]);
  // a declaration with the same arguments is accepted, with others it is not
  await sandbox.channel.assertQueue('csv2db.dead', {
    durable: true,
    arguments: { 'x-queue-type': 'quorum' },
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
  expect(await producer.exit, producer.output).toBe(0);
  await producer.logged(/^the queue "csv2db" is used as it is: inequivalent arg /);
  expect(await sandbox.ready()).toBe(1_000);
});

it('--queue-type classic declares classic queues', async () => {
  const flags = ['--queue-type', 'classic'];
  const producer = sandbox.start('producer', ['--file', join(DATA, 'data_1000.csv'), ...flags]);
  expect(await producer.exit, producer.output).toBe(0);
  await sandbox.channel.assertQueue('csv2db', { durable: true });
  await sandbox.channel.assertQueue('csv2db.dead', { durable: true });
});
