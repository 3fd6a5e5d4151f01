import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox, until } from '../sandbox.ts';
import { accountsOf } from './ledger.ts';
import { rabbitmqctl, setLargestMessage } from './servers.ts';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await Sandbox.create();
  await sandbox.migrate();
});

afterEach(async () => {
  try {
    await accountsOf(sandbox);
  } finally {
    await sandbox.destroy();
  }
});

/** Counts for connections from now on. */
async function setLargestFrame(bytes: number): Promise<void> {
  await rabbitmqctl('eval', `application:set_env(rabbit, frame_max, ${bytes}).`);
}

/** Has a consumer meet a bad message that was taken, and is too large by now. */
async function meetTooLarge(queueType: string) {
  const flags = ['--queue-type', queueType];
  const producer = sandbox.start('producer', ['--file', '/dev/null', ...flags]);
  await producer.succeeds();
  // what it announced
  await sandbox.channel.purgeQueue('csv2db');
  const row = '{"name":"One","email":"one@example.com"}';
  for (const body of [row, `not json ${'x'.repeat(5_000)}`, 'not json either']) {
    sandbox.channel.sendToQueue('csv2db', Buffer.from(body), { persistent: true });
  }
  await until('all are there', async () => (await sandbox.ready()) === 3);
  await setLargestMessage(1_000);
  return sandbox.start('consumer', flags);
}

describe('a bad message that is too large for the broker by now', () => {
  afterEach(async () => {
    await setLargestMessage();
  });

  it('is handed to its own dead-lettering, where the queue has that', async () => {
    await meetTooLarge('quorum');
    await until('both are dead', async () => (await sandbox.ready('csv2db.dead')) === 2);
    const letters = await sandbox.take('csv2db.dead');
    const reasons = letters.map(({ properties }) => properties.headers?.['x-first-death-reason']);
    expect(reasons.filter((reason) => reason === 'rejected')).toHaveLength(1);
    expect(await sandbox.countContacts()).toBe(1);
  });

  it('waits where it would be dropped, and is dead once the broker takes it', async () => {
    const consumer = await meetTooLarge('classic');
    await consumer.logged(
      /5009 bytes .*the message waits until the broker's max_message_size or frame_max is raised/,
    );
    await setLargestMessage(100_000);
    await until('it is dead', async () => {
      const bodies = (await sandbox.take('csv2db.dead')).map(({ content }) => content.length);
      return bodies.includes(5_009);
    });
    expect(await sandbox.countContacts()).toBe(1);
  });
});

// cause: the broker closes the connection of a header that is larger than a frame, and the letter was
// tried again and again
describe('a bad message whose headers are larger than a frame of the broker by now', () => {
  afterEach(async () => {
    await setLargestFrame(128 * 1024);
  });

  /** Has a consumer meet it among others, with frames of so many bytes. */
  async function meet(largestFrame: number, headers: Record<string, string>): Promise<void> {
    await sandbox.declareQueue();
    await sandbox.send('{"name":"One","email":"one@example.com"}');
    await sandbox.send('not json', { headers });
    await sandbox.send('not json either', { headers: { trace: 'short' } });
    await until('all are there', async () => (await sandbox.ready()) === 3);
    await setLargestFrame(largestFrame);
    const consumer = sandbox.start('consumer');
    await until('both are dead', async () => (await sandbox.ready('csv2db.dead')) === 2);
    expect(await sandbox.countContacts()).toBe(1);
    expect(consumer.log.filter(({ msg }) => /again/.test(String(msg)))).toEqual([]);
  }

  async function lettersByBody() {
    const letters = await sandbox.take('csv2db.dead');
    return new Map(letters.map((letter) => [String(letter.content), letter.properties.headers]));
  }

  it('is dead without them, and the others keep theirs', async () => {
    await meet(8_192, { trace: 'x'.repeat(10_000), 'x-csv2db-import': 'i-1' });
    const letters = await lettersByBody();
    expect(letters.get('not json')).not.toHaveProperty('trace');
    expect(letters.get('not json')).toMatchObject({
      'x-csv2db-import': 'i-1',
      'x-csv2db-reason': expect.stringMatching(/not JSON.* were left out: .*frame/i) as unknown,
    });
    expect(letters.get('not json either')).toMatchObject({ trace: 'short' });
  });

  it('is handed to its own dead-lettering, where the names of its columns are too large as well', async () => {
    await meet(8_192, { 'x-csv2db-columns': 'x'.repeat(10_000) });
    const letters = await lettersByBody();
    expect(letters.get('not json')).toMatchObject({ 'x-first-death-reason': 'rejected' });
    expect(letters.get('not json either')).toMatchObject({ trace: 'short' });
  });
});

// cause: an alarm holds up a connection that publishes as a whole
it('an alarm of the broker that holds up a dead letter holds up no acknowledgement', async () => {
  await sandbox.declareQueue();
  const consumer = sandbox.start('consumer', ['--parallel', '2', '--prefetch', '1']);
  await consumer.logged(/^consuming/);
  const holder = await sandbox.pool.connect();
  try {
    // each worker gets one message
    consumer.kill('SIGSTOP');
    await holder.query("BEGIN; INSERT INTO contacts VALUES ('N', 'one@example.com')");
    await sandbox.send('{"name":"One","email":"one@example.com"}');
    await sandbox.send('not json');
    await rabbitmqctl('set_vm_memory_high_watermark', '0.00001');
    consumer.kill('SIGCONT');
    await consumer.logged(/^RabbitMQ accepts no messages \(low on memory\)/);
    await holder.query('ROLLBACK');
    await until('the row is acknowledged', async () => {
      const queues = await rabbitmqctl(
        '-q',
        'list_queues',
        '-p',
        sandbox.vhost,
        'name',
        'messages',
      );
      return /^csv2db\s+1$/m.test(queues);
    });
  } finally {
    holder.release();
    await rabbitmqctl('set_vm_memory_high_watermark', '0.4');
  }
  await until('the letter is there', async () => (await sandbox.ready('csv2db.dead')) === 1);
  expect(await sandbox.countContacts()).toBe(1);
});

it('a connection of dead letters that is lost is replaced, and costs the consumer nothing else', async () => {
  await sandbox.declareQueue();
  const consumer = sandbox.start('consumer');
  await sandbox.send('not json');
  await until('the letter is there', async () => (await sandbox.ready('csv2db.dead')) === 1);
  const close = `[rabbit_networking:close_connection(Pid, "a test") ||
    [{pid, Pid}, {vhost, <<"${sandbox.vhost}">>}, {client_properties, Properties}]
      <- rabbit_networking:connection_info_all([pid, vhost, client_properties]),
    {<<"connection_name">>, _, <<"csv2db consumer, dead letters">>} <- Properties].`;
  expect(await rabbitmqctl('eval', close)).toContain('ok');
  await sandbox.send('not json either');
  await until('both are there', async () => (await sandbox.ready('csv2db.dead')) === 2);
  expect(consumer.output).not.toContain('connecting again');
});
