import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATA } from './processes.ts';
import { startProxy, type Proxy } from './proxy.ts';
import { queueUrl, Sandbox, until } from './sandbox.ts';

const FILE = ['--file', join(DATA, 'data_1000.csv')];
let sandbox: Sandbox;
let proxy: Proxy;

beforeEach(async () => {
  sandbox = await Sandbox.create();
  proxy = await startProxy(queueUrl().hostname, Number(queueUrl().port || 5672));
});

afterEach(async () => {
  await sandbox.destroy();
  await proxy.close();
});

describe('status 1 and one line that says what to do, for', () => {
  it.each<[string, 'producer' | 'consumer', string[], RegExp]>([
    [
      'a wrong password of the queue',
      'producer',
      ['--queue-pass', 'hunter2'],
      /refused the user "\w+": check --queue-user and --queue-pass/,
    ],
    [
      'a wrong user of the queue',
      'consumer',
      ['--queue-user', 'nobody'],
      /refused the user "nobody"/,
    ],
    [
      'a wrong password of the database',
      'consumer',
      ['--db-pass', 'hunter2'],
      /refused the user "\w+": check --db-user and --db-pass/,
    ],
    [
      'a database that is not there',
      'consumer',
      ['--db-name', 'nowhere'],
      /has no database "nowhere": create it with "consumer migrate"/,
    ],
    [
      'an unknown host',
      'producer',
      ['--queue-addr', 'nowhere.invalid:5672'],
      /nowhere\.invalid:5672 can't be reached \(unknown host\)/,
    ],
  ])('%s', async (_, program, args, message) => {
    await sandbox.migrate();
    const run = sandbox.start(program, program === 'producer' ? FILE.concat(args) : args);
    expect(await run.exit).toBe(1);
    expect(run.stderr).toMatch(message);
    expect(run.stderr).toMatch(/^error: [^\n]+\n$/);
    expect(run.output).not.toContain('hunter2');
  });

  it('a vhost that is not there', async () => {
    const { hostname, port } = queueUrl();
    const run = sandbox.start('producer', [...FILE, '--queue-addr', `${hostname}:${port}/nowhere`]);
    expect(await run.exit).toBe(1);
    expect(run.stderr).toMatch(/^error: .* the vhost "nowhere" does not exist[^\n]+\n$/);
  });

  it('a table that is not there', async () => {
    await sandbox.migrate();
    await sandbox.pool.query('DROP TABLE contacts');
    const run = sandbox.start('consumer');
    expect(await run.exit).toBe(1);
    expect(run.stderr).toMatch(/^error: .* has no table contacts in "\w+"[^\n]+\n$/);
  });

  it('a queue that exists with other arguments, which is left as it is', async () => {
    await sandbox.channel.assertQueue('csv2db', { durable: false });
    const run = sandbox.start('producer', FILE);
    expect(await run.exit).toBe(1);
    expect(run.stderr).toMatch(
      /^error: the queue "csv2db" exists with other arguments .*durable[^\n]+\n$/,
    );
    expect(await sandbox.ready()).toBe(0);
  });
});

describe('a connection to the queue that is lost', () => {
  it('ends the producer with status 1 and the number of rows so far', async () => {
    const rows = ['--file', join(DATA, 'data_10000.csv')];
    const producer = sandbox.start('producer', [
      ...rows,
      '--queue-addr',
      `127.0.0.1:${proxy.port}/${sandbox.vhost}`,
    ]);
    await sandbox.channel.assertQueue('csv2db', { durable: true });
    await until('there are messages', async () => (await sandbox.ready()) > 0);
    proxy.cut();
    expect(await producer.exit, producer.output).toBe(1);
    expect(producer.stderr).toMatch(/^error: the connection to RabbitMQ at \S+ is lost[^\n]*\n$/);
    const { published } = await producer.logged(/^failed: \d+ rows read, \d+ published/);
    expect(await sandbox.ready()).toBeGreaterThanOrEqual(Number(published));
  });

  it('ends the consumer with status 1', async () => {
    await sandbox.migrate();
    const consumer = sandbox.start('consumer', [
      '--queue-addr',
      `127.0.0.1:${proxy.port}/${sandbox.vhost}`,
    ]);
    await consumer.logged(/^consuming/);
    proxy.cut();
    expect(await consumer.exit, consumer.output).toBe(1);
    expect(consumer.stderr).toMatch(/^error: the connection to RabbitMQ at \S+ is lost[^\n]*\n$/);
  });
});

it('a queue that is deleted ends its consumer with status 1', async () => {
  await sandbox.migrate();
  const consumer = sandbox.start('consumer');
  await consumer.logged(/^consuming/);
  await sandbox.channel.deleteQueue('csv2db');
  expect(await consumer.exit, consumer.output).toBe(1);
  expect(consumer.stderr).toBe('error: RabbitMQ cancelled the consumer of "csv2db"\n');
});
