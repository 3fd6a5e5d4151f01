import { beforeEach, expect, it } from 'vitest';
import { manage, queueUrl, Sandbox, until } from './sandbox.ts';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await Sandbox.migrated();
  return () => sandbox.destroy();
});

/** URLs of both servers, with parameters, as flags. */
function flags(ofQueue: string, ofDatabase: string): string[] {
  const queue = new URL(`/${sandbox.vhost}?${ofQueue}`, queueUrl());
  [queue.username, queue.password] = [queueUrl().username, queueUrl().password];
  const database = new URL(sandbox.databaseUrl);
  database.search = ofDatabase;
  return ['--queue-url', queue.href, '--db-url', database.href];
}

it('both servers see what parameters of the URLs ask for', async () => {
  const ofDatabase = [
    'application_name=night%20job&connect_timeout=5&channel_binding=prefer',
    'target_session_attrs=read-write&options=-c%20statement_timeout%3D7000',
  ].join('&');
  const consumer = sandbox.start(
    'consumer',
    flags('heartbeat=7&channel_max=64&frame_max=8192&connection_timeout=5000', ofDatabase),
  );
  await consumer.logged(/^consuming/);
  await until('the broker tells of the connection', async () => {
    const connections = await manage('GET', `vhosts/${sandbox.vhost}/connections`);
    const asked = { timeout: 7, channel_max: 64, frame_max: 8_192 };
    return (connections as object[]).some((one) =>
      Object.entries(asked).every(([name, value]) => Reflect.get(one, name) === value),
    );
  });
  const { rows } = await sandbox.pool.query(
    `SELECT DISTINCT application_name FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> ''`,
  );
  expect(rows).toEqual([{ application_name: 'night job' }]);
  consumer.kill('SIGTERM');
  await consumer.succeeds();
});

it('settings in options are those of the session', async () => {
  const consumer = sandbox.start('consumer', flags('', 'options=-c%20search_path%3Dpg_catalog'));
  expect(await consumer.exit).toBe(1);
  expect(consumer.stderr).toMatch(/no table contacts/);
});
