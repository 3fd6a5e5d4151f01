import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Import } from './import.ts';
import { REJECTED } from './rows.ts';
import { kill, killFor, start, stop } from './servers.ts';
import { ROWS } from './size.ts';

let run: Import;

beforeEach(async () => {
  run = await Import.create();
});

afterEach(async () => {
  await run.destroy();
});

describe('every row arrives once when, in the middle of an import,', () => {
  it('one of two consumers is killed', async () => {
    const [victim] = run.consume(2);
    const producer = run.produce();
    await run.underWay();
    victim?.kill('SIGKILL');
    await run.verify(producer);
    expect(await producer.logged(/^finished/)).toMatchObject({ rejected: REJECTED });
  });

  it('all consumers are killed, and others started', async () => {
    const victims = run.consume(2);
    const producer = run.produce();
    await run.underWay();
    for (const victim of victims) victim.kill('SIGKILL');
    run.consume(2);
    await run.verify(producer);
  });

  it('the producer is killed, and resumed', async () => {
    run.consume(2);
    const victim = run.produce();
    await run.checkpointed();
    victim.kill('SIGKILL');
    await victim.exit;
    const producer = run.produce(['--resume']);
    await run.verify(producer);
    const { read } = await producer.logged(/^finished/);
    expect(read, 'rows read after resuming').toBeLessThan(ROWS);
  });

  it.each([1, 20])('RabbitMQ is killed, and started again after %i s', async (seconds) => {
    const [consumer] = run.consume(2);
    const producer = run.produce();
    await run.underWay();
    await killFor('rabbitmq', seconds);
    await run.verify(producer);
    for (const service of [consumer, producer]) {
      await service?.logged(/^the connection to RabbitMQ at \S+ is lost .*; connecting again$/);
      await service?.logged(/^connected to RabbitMQ at \S+ again$/);
    }
  });

  it.each([1, 20])('PostgreSQL is killed, and started again after %i s', async (seconds) => {
    const [consumer] = run.consume(2);
    const producer = run.produce();
    await run.underWay();
    await killFor('postgres', seconds);
    await run.verify(producer);
    await consumer?.logged(/^PostgreSQL at .*; storing pauses until it works$/);
    await consumer?.logged(/^PostgreSQL works again$/);
  });

  it('both servers are killed at once', async () => {
    run.consume(2);
    const producer = run.produce();
    await run.underWay();
    await Promise.all([killFor('rabbitmq', 1), killFor('postgres', 3)]);
    await run.verify(producer);
  });

  it('consumers are stopped and started again, twenty times', async () => {
    run.consume(2);
    const producer = run.produce();
    for (let count = 0; count < 20; count += 1) {
      await run.underWay(count / 25);
      const oldest = run.consumers.at(-2);
      // until then a signal just ends it
      await oldest?.logged(/^consuming/);
      oldest?.kill('SIGTERM');
      run.consume(1);
    }
    await run.consumers.at(-1)?.logged(/^consuming/);
    await run.verify(producer);
  });
});

it('a consumer that starts before PostgreSQL waits for it', async () => {
  await stop('postgres');
  const [consumer] = run.consume(2);
  const producer = run.produce();
  await consumer?.logged(/^PostgreSQL at .* can't be reached: .*; storing pauses until it works$/);
  await start('postgres');
  await run.verify(producer);
});

it('a producer gives up after --retry-for, and says how to go on', async () => {
  const victim = run.produce(['--retry-for', '1s', '--queue-pass', 'fcpass']);
  await run.queued(0.5);
  await kill('rabbitmq');
  try {
    expect(await victim.exit, victim.output).toBe(1);
    expect(victim.stderr).toMatch(
      /^error: RabbitMQ at \S+ \(--queue-addr\) can't be reached: connection refused; \d+ rows are processed\. Go on with: \S+producer --file \S+ --checkpoint \S+ --rows-per-message \d+ --retry-for 1s --resume\n$/,
    );
  } finally {
    await stop('rabbitmq');
    await start('rabbitmq');
  }
  const resumed = run.produce(['--resume']);
  run.consume(2);
  await run.verify(resumed);
});
