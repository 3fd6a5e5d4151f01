import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DATA, type Run } from '../processes.ts';
import { Sandbox, until } from '../sandbox.ts';
import { accountsOf } from './ledger.ts';
import { killFor, rabbitmqctl } from './servers.ts';

const FILE = ['--file', join(DATA, 'data_1000.csv')];

// RabbitMQ registers a quorum queue half a second after its declaration: what it confirms before
// does not outlive a crash
it('no row is lost when RabbitMQ is killed in the first second of a queue', async () => {
  const imports: { sandbox: Sandbox; producer: Run }[] = [];
  // when the last one begins to be confirmed, the others are some half seconds older
  for (let count = 0; count < 4; count += 1) {
    const sandbox = await Sandbox.create();
    const producer = sandbox.start('producer', FILE);
    imports.push({ sandbox, producer });
    await until('rows are confirmed', async () => {
      try {
        return (await sandbox.ready()) > 0;
      } catch {
        // the queue is not there yet
        await sandbox.reconnect();
        return false;
      }
    });
  }
  await killFor('rabbitmq', 0);
  const verified = imports.map(async ({ sandbox, producer }) => {
    await sandbox.migrate();
    const silence = producer.logged(/^RabbitMQ has confirmed nothing for 30 s/, 60);
    await Promise.race([producer.exit, silence.catch(() => {})]);
    if (producer.output.includes('confirmed nothing')) {
      // the broker has no leader for the queue; deleting it, when it is empty, is what mends that
      for (const queue of ['csv2db', 'csv2db.dead']) {
        await rabbitmqctl('delete_queue', '-p', sandbox.vhost, queue);
      }
    }
    await producer.succeeds();
    sandbox.start('consumer');
    await until('all is stored', async () => (await sandbox.countContacts()) === 1_000, 60);
    await sandbox.reconnect();
    await until('every row is accounted for', async () => {
      const [account] = await accountsOf(sandbox);
      return account?.state === 'complete' && account.inserted === 1_000;
    });
    await sandbox.destroy();
  });
  await Promise.all(verified);
}, 240_000);

// AMQP tells its age to nobody who did not declare it
it('a queue that somebody else has just declared is young, and an older one is not', async () => {
  const sandbox = await Sandbox.create();
  const secondsToImport = async (): Promise<number> => {
    const began = performance.now();
    const producer = sandbox.start('producer', FILE);
    await producer.succeeds();
    return (performance.now() - began) / 1_000;
  };
  await sandbox.start('producer', ['--file', '/dev/null']).succeeds();
  const young = await secondsToImport();
  expect(young).toBeGreaterThan(2);
  await until('the mark is gone', async () => {
    const queues = await rabbitmqctl('list_queues', '-p', sandbox.vhost, 'name');
    return !queues.includes('.young');
  });
  expect(await secondsToImport()).toBeLessThan(young - 1);
  await sandbox.destroy();
});
