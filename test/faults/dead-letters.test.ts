import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox, until } from '../sandbox.ts';
import { rabbitmqctl } from './servers.ts';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await Sandbox.create();
  await sandbox.migrate();
});

afterEach(async () => {
  await setLargestMessage(16 * 1024 * 1024);
  await sandbox.destroy();
});

/** Versions of RabbitMQ look in one place or the other. */
async function setLargestMessage(bytes: number): Promise<void> {
  const put = `persistent_term:put(max_message_size, ${bytes})`;
  await rabbitmqctl('eval', `${put}, application:set_env(rabbit, max_message_size, ${bytes}).`);
}

/** Has a consumer meet a bad message that was taken, and is too large by now. */
async function meetTooLarge(queueType: string) {
  const flags = ['--queue-type', queueType];
  const producer = sandbox.start('producer', ['--file', '/dev/null', ...flags]);
  await producer.succeeds();
  await sandbox.send('{"name":"One","email":"one@example.com"}');
  await sandbox.send(`not json ${'x'.repeat(5_000)}`);
  await sandbox.send('not json either');
  await until('all are there', async () => (await sandbox.ready()) === 3);
  await setLargestMessage(1_000);
  return sandbox.start('consumer', flags);
}

describe('a bad message that is too large for the broker by now', () => {
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
      /5009 bytes .*the message waits until the broker's max_message_size is raised/,
    );
    await setLargestMessage(100_000);
    await until('it is dead', async () => {
      const bodies = (await sandbox.take('csv2db.dead')).map(({ content }) => content.length);
      return bodies.includes(5_009);
    });
    expect(await sandbox.countContacts()).toBe(1);
  });
});
