import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Proxy } from '../proxy.ts';
import { databaseUrl, queueUrl, until } from '../sandbox.ts';
import { Import } from './import.ts';
import { suspendProducerChannel } from './servers.ts';
import { ROWS } from './size.ts';

let run: Import;
let queue: Proxy;
let database: Proxy;
/** What leads the consumers through the proxies. */
let throughQueue: Record<string, string>;
let throughDatabase: Record<string, string>;

beforeEach(async () => {
  run = await Import.create();
  queue = await Proxy.start(queueUrl().hostname, Number(queueUrl().port));
  database = await Proxy.start(databaseUrl().hostname, Number(databaseUrl().port));
  const address = `127.0.0.1:${queue.port}/${run.sandbox.vhost}`;
  throughQueue = { FC_PRODUCER_QUEUE_ADDR: address, FC_CONSUMER_QUEUE_ADDR: address };
  throughDatabase = { FC_CONSUMER_DB_HOST: '127.0.0.1', FC_CONSUMER_DB_PORT: `${database.port}` };
});

afterEach(async () => {
  await run.destroy();
  await queue.close();
  await database.close();
});

/** Makes commits wait, with their rows in, until it is released. */
async function holdCommits() {
  await run.sandbox.pool.query(`
    CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql
      AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(42); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON contacts
      INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hold()`);
  const holder = new pg.Client({ connectionString: run.sandbox.databaseUrl.href });
  await holder.connect();
  await holder.query('SELECT pg_advisory_lock(42)');
  await until('a commit waits', async () => {
    const { rowCount } = await run.sandbox.pool.query(
      "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
    );
    return rowCount !== 0;
  });
  const committed = await run.sandbox.countContacts();
  return async (): Promise<void> => {
    await holder.end();
    await until('it commits', async () => (await run.sandbox.countContacts()) > committed);
  };
}

describe('every row arrives once when, in the middle of an import,', () => {
  it('all connections to RabbitMQ are reset, several times', async () => {
    run.consume(2, throughQueue);
    const producer = run.produce([], throughQueue);
    for (const part of [0.1, 0.3, 0.5]) {
      await run.underWay(part);
      queue.cut();
    }
    await run.verify(producer);
  });

  it('all connections to PostgreSQL are reset, several times', async () => {
    run.consume(2, throughDatabase);
    const producer = run.produce();
    for (const part of [0.1, 0.3, 0.5]) {
      await run.underWay(part);
      database.cut();
    }
    await run.verify(producer);
  });

  it('a connection is cut between a COMMIT and its answer', async () => {
    run.consume(1, throughDatabase);
    const producer = run.produce();
    await run.underWay();
    const release = await holdCommits();
    database.swallow({ answers: true });
    await release();
    database.cut();
    database.swallow({});
    await run.verify(producer);
    const { duplicates } = (await run.consumers[0]?.logged(/^stopped/)) ?? {};
    expect(duplicates, 'rows that were committed without an answer').toBeGreaterThan(0);
  });

  it('a connection is cut between a COMMIT and the acknowledgement', async () => {
    run.consume(1, throughQueue);
    const producer = run.produce();
    await run.underWay();
    const release = await holdCommits();
    queue.swallow({ requests: true });
    await release();
    queue.cut();
    queue.swallow({});
    await run.verify(producer);
    const { duplicates } = (await run.consumers[0]?.logged(/^stopped/)) ?? {};
    expect(duplicates, 'rows that were committed and not acknowledged').toBeGreaterThan(0);
  });

  it('RabbitMQ falls silent without closing anything', async () => {
    run.consume(2, throughQueue);
    const producer = run.produce([], throughQueue);
    await run.underWay();
    queue.abandon();
    await run.verify(producer);
    await producer.logged(/^the connection to RabbitMQ at \S+ is lost .*eartbeat/);
  });

  it('PostgreSQL falls silent without closing anything', async () => {
    const [consumer] = run.consume(2, throughDatabase);
    const producer = run.produce();
    await run.underWay();
    database.abandon();
    await run.verify(producer);
    await consumer?.logged(/^PostgreSQL at .*timeout.*; storing pauses until it works$/);
  });

  it.each(['producer', 'consumer'])('the broker closes a channel of the %s', async (service) => {
    const [consumer] = run.consume(1, service === 'consumer' ? throughQueue : {});
    const producer = run.produce([], service === 'producer' ? throughQueue : {});
    await run.underWay();
    queue.inject(closing([20, 40], 1, 406, 'PRECONDITION_FAILED - a test'));
    await run.verify(producer);
    await (service === 'producer' ? producer : consumer)?.logged(
      /^RabbitMQ closed a channel: .*406.*a test"; connecting again$/,
    );
  });

  // it does so at each subscription to a queue that it could not restart after a crash
  it('the broker ends a connection by an internal error, and is given time', async () => {
    const [consumer] = run.consume(1, throughQueue);
    const producer = run.produce();
    await run.underWay();
    queue.inject(closing([10, 50], 0, 541, 'INTERNAL_ERROR'));
    await consumer?.logged(
      /internal error \(541\), .* quorum queue after a crash.*Delete the queue "csv2db"/,
    );
    const began = performance.now();
    await consumer?.logged(/^connected to RabbitMQ at \S+ again$/);
    expect(performance.now() - began).toBeGreaterThan(4_000);
    await run.verify(producer);
  });

  it('the broker answers no more on a channel of the producer, whose connection lives', async () => {
    const producer = run.produce();
    await run.queued(0.01);
    // it may have sent everything before the broker is done with this
    producer.kill('SIGSTOP');
    const resume = await suspendProducerChannel(run.sandbox.vhost);
    producer.kill('SIGCONT');
    run.consume(2);
    try {
      await run.verify(producer);
    } finally {
      await resume();
    }
    await producer.logged(/^RabbitMQ has confirmed nothing for 30 s .*; connecting again$/);
  });
});

/** A channel.close (20, 40) or connection.close (10, 50) of the broker. */
function closing(method: [number, number], channel: number, code: number, words: string): Buffer {
  const text = Buffer.from(words);
  const [high, low] = [code >> 8, code & 0xff];
  const payload = [0, method[0], 0, method[1], high, low, text.length, ...text, 0, 0, 0, 0];
  return Buffer.from([1, 0, channel, 0, 0, 0, payload.length, ...payload, 0xce]);
}

describe('a server that does not answer any more', () => {
  it.each([
    ['RabbitMQ', 'queue'],
    ['PostgreSQL', 'database'],
  ])('can not keep a consumer alive that is told to stop: %s', async (_, server) => {
    const env = { ...throughQueue, ...throughDatabase, FC_CONSUMER_DRAIN_TIMEOUT: '1s' };
    const [consumer] = run.consume(1, env);
    const producer = run.produce();
    await run.underWay();
    (server === 'queue' ? queue : database).abandon();
    consumer?.kill('SIGTERM');
    expect(await consumer?.exit, consumer?.output).toBe(1);
    expect(consumer?.stderr).toBe('error: still not done 1 s after the signal: given up\n');
    run.consumers.length = 0;
    run.consume(2);
    await run.verify(producer);
    expect(await run.sandbox.countContacts()).toBe(ROWS);
  });

  it('can not keep a producer alive either', async () => {
    const producer = run.produce(['--drain-timeout', '1s'], throughQueue);
    await run.queued(0.01);
    queue.abandon();
    producer.kill('SIGTERM');
    expect(await producer.exit, producer.output).toBe(1);
    run.consume(2);
    await run.verify(run.produce(['--resume']));
  });

  it('does not outlast a second signal', async () => {
    const [consumer] = run.consume(1, throughDatabase);
    const producer = run.produce();
    await run.underWay();
    database.abandon();
    consumer?.kill('SIGTERM');
    await consumer?.logged(/^SIGTERM: finishing the work in hand/);
    consumer?.kill('SIGINT');
    expect(await consumer?.exit, consumer?.output).toBe(1);
    run.consumers.length = 0;
    run.consume(2);
    await run.verify(producer);
  });
});
