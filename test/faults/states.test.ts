import { spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { incompressible } from '../incompressible.ts';
import { until } from '../sandbox.ts';
import { Import } from './import.ts';
import { rowsOfFaults } from './rows.ts';
import { rabbitmqctl } from './servers.ts';
import { ROWS } from './size.ts';

let run: Import;

afterEach(async () => {
  await run.destroy();
});

describe('every row arrives once when, in the middle of an import,', () => {
  beforeEach(async () => {
    run = await Import.create();
  });

  it('a memory alarm blocks publishers for a while', async () => {
    const producer = run.produce(['--retry-for', '1s']);
    await run.queued(0.01);
    // it may have sent everything before the broker is done with this
    producer.kill('SIGSTOP');
    try {
      await rabbitmqctl('set_vm_memory_high_watermark', '0.00001');
      producer.kill('SIGCONT');
      run.consume(2);
      await producer.logged(/^RabbitMQ accepts no messages \(low on memory\): sending pauses/);
      // longer than --retry-for and than the broker may leave messages unconfirmed, which do not
      // count here
      await new Promise((resolve) => setTimeout(resolve, 31_000));
    } finally {
      await rabbitmqctl('set_vm_memory_high_watermark', '0.4');
    }
    await run.verify(producer);
    expect(producer.output).not.toContain('connecting again');
    await producer.logged(/^RabbitMQ accepts messages again$/);
  });

  it('the database is read-only for a while', async () => {
    const [consumer] = run.consume(2);
    const producer = run.produce();
    await run.underWay();
    await setReadOnly('on');
    await consumer?.logged(/^PostgreSQL at .*; storing pauses until it works$/);
    await producer.succeeds();
    await setReadOnly('off');
    await run.verify(producer);
  });

  it('the database is read-only for so long that the messages in hand go back to the queue', async () => {
    const consumers = run.consume(2);
    const producer = run.produce();
    await run.underWay();
    await setReadOnly('on');
    await producer.succeeds();
    for (const consumer of consumers) {
      await consumer.logged(/^the database is still out: the messages in hand go back/, 60);
    }
    const { sandbox } = run;
    await until('nobody holds a message', async () => {
      const { messageCount, consumerCount } = await sandbox.channel.checkQueue('csv2db');
      return consumerCount === 0 && messageCount > 0;
    });
    await setReadOnly('off');
    await run.verify(producer);
  });

  it('the disk of the database is full for a while', async () => {
    const [consumer] = run.consume(2);
    const producer = run.produce();
    await run.underWay();
    const { pool } = run.sandbox;
    await pool.query(`
      CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql
        AS $$BEGIN RAISE 'No space left on device' USING ERRCODE = 'disk_full'; END$$;
      CREATE TRIGGER fill BEFORE INSERT ON contacts FOR EACH STATEMENT EXECUTE FUNCTION fill()`);
    await consumer?.logged(/^PostgreSQL at .* failed: No space left on device \(SQLSTATE 53100\);/);
    await pool.query('DROP TRIGGER fill ON contacts');
    await run.verify(producer);
    await consumer?.logged(/^PostgreSQL works again$/);
  });

  it('the queue is deleted: what was in it is gone, and running the file again fills the gap', async () => {
    const first = run.produce();
    await run.queued(0.1);
    await run.sandbox.channel.deleteQueue('csv2db');
    await first.succeeds();
    await first.logged(/^the queue was deleted during the import: .* run the file again/);
    run.consume(2);
    await run.verify(run.produce());
  });

  it('the queue is deleted under its consumers, which declare it again, and what is missing is sent again', async () => {
    const consumers = run.consume(2);
    const first = run.produce();
    await run.underWay();
    // they may keep up with the producer
    for (const consumer of consumers) consumer.kill('SIGSTOP');
    await run.queued(0.1);
    await run.sandbox.channel.deleteQueue('csv2db');
    for (const consumer of consumers) consumer.kill('SIGCONT');
    await first.succeeds();
    await consumers[0]?.logged(/^RabbitMQ cancelled the consumer of "csv2db"; connecting again$/);
    await run.finished();
    const { import: id } = await first.logged(/^finished/);
    const list = await run.missing(String(id));
    expect(list).not.toBe('');
    run.consume(2);
    await run.verify(run.sendAgain(String(id), list));
  });

  it('1% of the messages are poison of every kind', async () => {
    run.consume(2);
    const producer = run.produce();
    const poison = [
      'not json',
      '{"name":"No Email"}',
      '{"name":"N\\u0000ul","email":"nul@example.com"}',
      JSON.stringify({ name: 'Long', email: `${incompressible(9_000)}@example.com` }),
      Buffer.from([0xff, 0xfe]),
    ];
    for (let n = 0; n < ROWS / 100; n += 1) {
      await run.sandbox.send(poison[n % poison.length] ?? '');
      if (n % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await run.verify(producer, ROWS / 100);
  });

  it('Redis, which keeps the checkpoint, is killed', async () => {
    const redis = startRedis();
    run.consume(2);
    const producer = run.produce(['--checkpoint', redis.url]);
    await run.underWay();
    redis.kill();
    await run.verify(producer);
    await producer.logged(
      /^the checkpoint can't be saved to redis:\/\/127\.0\.0\.1:\d+\/0, the import/,
    );
    expect(producer.output).not.toContain('hunter2');
  });

  it('the producer is killed, and resumed from a checkpoint in Redis', async () => {
    const redis = startRedis();
    try {
      run.consume(2);
      const victim = run.produce(['--checkpoint', redis.url]);
      await run.underWay(0.3);
      victim.kill('SIGKILL');
      await victim.exit;
      const producer = run.produce(['--checkpoint', redis.url, '--resume']);
      await run.verify(producer);
      const { read } = await producer.logged(/^finished/);
      expect(read, 'rows read after resuming').toBeLessThan(ROWS);
    } finally {
      redis.kill();
    }
  });
});

/** Makes the database of the import refuse every write, or accept them again. */
async function setReadOnly(value: 'on' | 'off'): Promise<void> {
  const { pool, databaseName } = run.sandbox;
  await pool.query('SET default_transaction_read_only = off');
  await pool.query(`ALTER DATABASE ${databaseName} SET default_transaction_read_only = ${value}`);
  // what is new counts for new connections
  await pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
}

/** A Redis with a password. */
function startRedis() {
  const port = 30_000 + Math.floor(Math.random() * 2_000);
  const flags = [
    '--port',
    `${port}`,
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--requirepass',
    'hunter2',
  ];
  const redis = spawn('redis-server', flags, { stdio: 'ignore' });
  return { url: `redis://:hunter2@127.0.0.1:${port}/0`, kill: () => redis.kill('SIGKILL') };
}

describe('two consumers', () => {
  it('whose batches are full of emails that they share do not deadlock', async () => {
    const distinct = 5_000;
    // each email comes many times, in another order each time
    const row = (n: number) => `Name ${n},${(n * 7919 + (n >> 13)) % distinct}@example.com`;
    run = await Import.create({ 'rows.csv': rowsOfFaults(row) });
    run.consume(2, { FC_CONSUMER_PARALLEL: '4' });
    const producer = run.produce();
    await run.verify(producer);
    for (const consumer of run.consumers) expect(consumer.output).not.toMatch(/deadlock|pauses/);
  });
});
