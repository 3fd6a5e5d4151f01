import { expect, it } from 'vitest';
import { parseRowList } from '../producer/src/row-list.ts';
import { Proxy } from './proxy.ts';
import { queueUrl, until } from './sandbox.ts';
import { workbench } from './workbench.ts';

const bench = workbench();

it('one grep follows an import from the file to the commit, and to the dead letters', async () => {
  const { sandbox } = bench;
  await sandbox.migrate();
  await sandbox.pool.query('ALTER TABLE contacts ADD CHECK (name <> $$Poison$$)');
  const names = Array.from({ length: 300 }, (_, row) => (row === 99 ? 'Poison' : `Name ${row}`));
  const rows = names.map((name, row) => (row === 149 ? 'bad\n' : `${name},${row}@logs.example\n`));
  const file = await bench.fileOf(rows.join(''));
  const args = ['--log-level', 'debug', '--rows-per-message', '100'];
  const id = 'followed-import';
  const producer = sandbox.start('producer', [...args, '--file', file, '--import-id', id]);
  const consumer = sandbox.start('consumer', args.slice(0, 2));
  await producer.succeeds();
  await until('all is stored', async () => (await sandbox.countContacts()) === 298);
  await until('one is dead', async () => (await sandbox.ready('csv2db.dead')) === 1);
  consumer.kill('SIGTERM');
  await consumer.succeeds();

  const followed = [...producer.stdout.split('\n'), ...consumer.stdout.split('\n')]
    .filter((line) => line.includes(id))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const messages = followed.map(({ msg }) => String(msg));
  expect(messages).toContain(`the import ${id} of ${file} begins`);
  expect(messages.find((text) => text.startsWith('row 150 '))).toMatch(/rejected: 1 field/);
  expect(messages).toContain('rows 1-300 settled: confirmed, or rejected');
  const dead = followed.find(({ msg }) => /moved to the dead-letter queue/.test(String(msg)));
  expect(dead).toMatchObject({ level: 'warn', import: id, rows: '100' });
  expect(dead?.['msg']).toMatch(
    new RegExp(`^row 100 of import ${id} moved to the dead-letter queue: .*check`),
  );
  const batches = followed.filter(({ imports }) => imports !== undefined);
  const stored = batches.map(({ imports }) => (imports as Record<string, string>)[id]);
  expect(parseRowList(stored.join())).toEqual([
    { first: 1, end: 150 },
    { first: 151, end: 301 },
  ]);
  expect(batches.every(({ batch }) => Number(batch) > 0)).toBe(true);
  expect(dead?.['batch']).toBe(batches.find(({ dead }) => dead === 1)?.['batch']);
});

// an outage was told once, and then nothing for as long as it lasted
it('the consumer says every ten seconds which server it waits for', async () => {
  const { sandbox } = bench;
  await sandbox.migrate();
  const queue = await proxyOf(queueUrl());
  const database = await proxyOf(sandbox.databaseUrl);
  await database.close();
  const consumer = sandbox.start('consumer', [
    ...['--queue-addr', `127.0.0.1:${queue.port}/${sandbox.vhost}`],
    ...['--db-host', '127.0.0.1', '--db-port', `${database.port}`],
  ]);
  const counts = '0 rows inserted, 0 duplicates, 0 dead letters$';
  await consumer.logged(new RegExp(`^waits for PostgreSQL \\(connection refused\\): ${counts}`));
  await database.reopen();
  await consumer.logged(/^PostgreSQL works again$/);
  await consumer.logged(/^consuming the queue/);
  await queue.close();
  const next = String.raw`waits for RabbitMQ \(connection refused\), (next try in \d s|connecting)`;
  await consumer.logged(new RegExp(`^${next}: ${counts}`));
  consumer.kill('SIGTERM');
  await consumer.succeeds();
  await database.close();
}, 60_000);

it('the producer says every ten seconds what it waits for', async () => {
  const file = await bench.fileOf('Ann,ann@logs.example\n');
  const producer = bench.sandbox.start('producer', ['--file', file, '--queue-addr', '127.0.0.1:1']);
  await producer.logged(
    /^waits for RabbitMQ \(connection refused\), (next try in \d s|connecting): \d rows? read/,
  );
  producer.kill('SIGTERM');
  expect(await producer.exit).toBe(143);
});

async function proxyOf({ hostname, port }: URL): Promise<Proxy> {
  return await Proxy.start(hostname, Number(port));
}
