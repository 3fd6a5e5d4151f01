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
  }
});

it('both services declare the same durable queue', async () => {
  await sandbox.migrate();
  const producer = sandbox.start('producer', ['--file', join(DATA, 'data_1000.csv')]);
  expect(await producer.exit, producer.output).toBe(0);
  const consumer = sandbox.start('consumer');
  await consumer.logged(/^consuming/);
  // a declaration with the same arguments is accepted, with others it is not
  await sandbox.channel.assertQueue('csv2db', {
    durable: true,
    exclusive: false,
    autoDelete: false,
  });
  await sandbox.channel.assertQueue('csv2db.dead', { durable: true });
});
