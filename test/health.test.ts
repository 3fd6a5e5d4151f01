import { afterAll, beforeAll, expect, it } from 'vitest';
import { ALARM, Proxy } from './proxy.ts';
import { queueUrl, Sandbox, until } from './sandbox.ts';
import { Served } from './scrape.ts';
import { OwnPostgres } from './servers.ts';

const ON = ['--metrics-addr', '0'];

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.migrated();
  await sandbox.declareQueue();
});

afterAll(async () => {
  await sandbox.destroy();
});

it('/readyz says that PostgreSQL is down, at work or not, and that it is back', async () => {
  const postgres = await OwnPostgres.start();
  const own = await Sandbox.create(postgres.url);
  await own.migrate();
  await own.declareQueue();
  await postgres.stop();
  const consumer = own.start('consumer', ON);
  const served = await Served.by(consumer);
  const { host } = postgres.url;
  const refused = `down: PostgreSQL at ${host} (--db-host, --db-port) can't be reached: connection refused`;
  const waiting = { status: 'down', queue: 'down: not connected yet', database: refused };
  expect(await served.get('/readyz')).toEqual([503, waiting]);
  expect(await served.get('/livez')).toEqual([200, { status: 'up' }]);

  await postgres.restart();
  const isUp = async () => (await served.fetch('/readyz')).status === 200;
  await until('it is ready', isUp);
  expect(await served.get('/readyz')).toEqual([200, { status: 'up', queue: 'up', database: 'up' }]);

  await postgres.stop();
  const down = { status: 'down', queue: 'up', database: refused };
  expect(await served.get('/readyz')).toEqual([503, down]);
  const name = 'csv2db_consumer_server_up{server="database"}';
  expect((await served.samples()).get(name)).toBe(0);
  await own.send('{"name":"Ann","email":"ann@health.example"}');
  await consumer.logged(/storing pauses/);
  expect(await served.get('/readyz')).toEqual([503, down]);

  await postgres.restart();
  await until('the row is stored', async () => {
    const now = await served.samples();
    return now.get('csv2db_consumer_rows_total{outcome="inserted"}') === 1;
  });
  expect(await isUp()).toBe(true);
  expect((await served.samples()).get(name)).toBe(1);
  consumer.kill('SIGTERM');
  expect(await consumer.exit).toBe(0);
  await own.destroy();
  await postgres.remove();
});

it('/readyz says that something in the database is to be mended', async () => {
  const consumer = sandbox.start('consumer', ON);
  const served = await Served.by(consumer);
  await consumer.logged(/^consuming/);
  await sandbox.pool.query('ALTER TABLE contacts RENAME TO others');
  await sandbox.send('{"name":"Ann","email":"ann@health.example"}');
  await consumer.logged(/storing pauses/);
  const [status, json] = await served.get('/readyz');
  expect(status).toBe(503);
  expect(json['queue']).toBe('up');
  expect(json['database']).toMatch(/^down: .*contacts/);
  await sandbox.pool.query('ALTER TABLE others RENAME TO contacts');
  await until('it is ready', async () => (await served.fetch('/readyz')).status === 200);
  consumer.kill('SIGTERM');
  expect(await consumer.exit).toBe(0);
});

it('/readyz says why there is no queue, and reconnects are counted', async () => {
  const { hostname, port } = queueUrl();
  const proxy = await Proxy.start(hostname, Number(port));
  try {
    const nowhere = sandbox.start('consumer', ON, { FC_CONSUMER_QUEUE_ADDR: '127.0.0.1:1' });
    const served = await Served.by(nowhere);
    await nowhere.logged(/trying again/);
    const why = "down: RabbitMQ at 127.0.0.1:1 (--queue-addr) can't be reached: connection refused";
    expect(await served.get('/readyz')).toEqual([
      503,
      { status: 'down', queue: why, database: 'up' },
    ]);
    expect((await served.samples()).get('csv2db_consumer_server_up{server="queue"}')).toBe(0);

    const address = `127.0.0.1:${proxy.port}/${sandbox.vhost}`;
    const consumer = sandbox.start('consumer', ON, { FC_CONSUMER_QUEUE_ADDR: address });
    const there = await Served.by(consumer);
    await consumer.logged(/^consuming/);
    expect((await there.fetch('/readyz')).status).toBe(200);
    proxy.cut();
    const lost = `down: the connection to RabbitMQ at 127.0.0.1:${proxy.port}/${sandbox.vhost} is lost`;
    await consumer.logged(/connecting again/);
    const [status, json] = await there.get('/readyz');
    expect([status, json['database']]).toEqual([503, 'up']);
    expect(json['queue']).toContain(lost);
    await until('it is connected again', async () => {
      return (await there.samples()).get('csv2db_consumer_queue_reconnects_total') === 1;
    });
    expect((await there.fetch('/readyz')).status).toBe(200);
    for (const run of [nowhere, consumer]) {
      run.kill('SIGTERM');
      expect(await run.exit).toBe(0);
    }
  } finally {
    await proxy.close();
  }
});

it('a producer that an alarm of the broker blocks is ready, and says so', async () => {
  const { hostname, port } = queueUrl();
  const proxy = await Proxy.start(hostname, Number(port));
  try {
    const env = { FC_PRODUCER_QUEUE_ADDR: `127.0.0.1:${proxy.port}/${sandbox.vhost}` };
    const args = ['--file', '-', ...ON];
    const producer = sandbox.start('producer', args, env, { stdin: 'pipe' });
    const served = await Served.by(producer);
    producer.stdin.write('Ann,ann@health.example\n');
    await until('the row is published', async () => {
      return (await served.samples()).get('csv2db_producer_rows_published_total') === 1;
    });
    proxy.inject(ALARM.begins('low'));
    producer.stdin.write('Bob,bob@health.example\n');
    await until('it is blocked', async () => {
      return (await served.samples()).get('csv2db_producer_queue_blocked') === 1;
    });
    expect((await served.fetch('/readyz')).status).toBe(200);
    // with the next heartbeat
    proxy.inject(ALARM.ends);
    producer.stdin.end();
    await producer.succeeds();
    const messages = await sandbox.take();
    expect(messages.map(({ content }) => content.toString())).toEqual([
      '{"name":"Ann","email":"ann@health.example"}',
      '{"name":"Bob","email":"bob@health.example"}',
    ]);
  } finally {
    await proxy.close();
  }
});
