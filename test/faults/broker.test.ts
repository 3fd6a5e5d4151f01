import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATA } from '../processes.ts';
import { Sandbox } from '../sandbox.ts';
import { rabbitmqctl, setLargestMessage } from './servers.ts';

const FILE = ['--file', join(DATA, 'data_1000.csv')];
let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await Sandbox.create();
});

afterEach(async () => {
  await sandbox.destroy();
});

describe('a setting of the broker that is in the way is told:', () => {
  it('fewer channels than --parallel needs', async () => {
    await rabbitmqctl('eval', 'application:set_env(rabbit, channel_max, 4).');
    try {
      const run = sandbox.start('producer', [...FILE, '--parallel', '2']);
      expect(await run.exit, run.output).toBe(1);
      expect(run.stderr).toMatch(
        /^error: .* fewer than the 8 channels that are needed \(channel_max\): lower --parallel[^\n]*\n$/,
      );
    } finally {
      await rabbitmqctl('eval', 'application:set_env(rabbit, channel_max, 2047).');
    }
  });

  it('a vhost that is down', async () => {
    await rabbitmqctl(
      'eval',
      `rabbit_vhost_sup_sup:stop_and_delete_vhost(<<"${sandbox.vhost}">>).`,
    );
    const run = sandbox.start('producer', FILE);
    await run.logged(/can't serve the vhost "\w+": .* is down; restart_vhost .*; trying again/);
    await rabbitmqctl('restart_vhost', '-p', sandbox.vhost);
    await run.succeeds();
  });

  it('the size of the largest message', async () => {
    await sandbox.declareQueue();
    await setLargestMessage(1_000);
    try {
      const run = sandbox.start('producer', [...FILE, '--rows-per-message', '1000']);
      await run.logged(/^RabbitMQ takes no message of more than 1000 bytes \(max_message_size\)/);
      await run.succeeds();
      const rows = (await sandbox.take()).map(
        ({ properties }): unknown => properties.headers?.['x-csv2db-rows'],
      );
      expect(rows.reduce<number>((sum, count) => sum + Number(count ?? 1), 0)).toBe(1_000);
    } finally {
      await setLargestMessage();
    }
  });
});
