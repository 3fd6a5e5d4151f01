import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DATA } from './processes.ts';
import { until } from './sandbox.ts';
import { promtool, samples, Served } from './scrape.ts';
import { workbench } from './workbench.ts';

const bench = workbench();
const ON = ['--metrics-addr', '127.0.0.1:0'];

it('a consumer counts rows by what became of them, messages and batches', async () => {
  const { sandbox } = bench;
  const rows = Array.from({ length: 2_500 }, (_, n) => `Name ${n},${n}@metrics.example\n`);
  const file = await bench.fileOf([...rows, ...rows.slice(0, 40)].join(''));
  await bench.produce(['--file', file, '--rows-per-message', '100']);
  const sent = await sandbox.ready();
  await sandbox.send('no JSON');
  const consumer = sandbox.start('consumer', ON);
  const served = await Served.by(consumer);
  await until('all is acknowledged', async () => {
    return (await served.samples()).get('csv2db_consumer_acknowledged_messages_total') === sent + 1;
  });
  const now = await served.samples();
  const outcomes = ['inserted', 'duplicate', 'skipped', 'dead'].map((outcome) =>
    now.get(`csv2db_consumer_rows_total{outcome="${outcome}"}`),
  );
  expect(outcomes).toEqual([2_500, 40, 0, 1]);
  expect(now.get('csv2db_consumer_batch_rows_sum')).toBe(2_541);
  const { size } = await stat(file);
  expect(now.get('csv2db_consumer_batch_bytes_sum')).toBe(size + 'no JSON'.length);
  const batches = now.get('csv2db_consumer_batch_rows_count');
  expect(now.get('csv2db_consumer_batch_seconds_count')).toBe(batches);
  expect(now.get('csv2db_consumer_batch_bytes_count')).toBe(batches);
  expect(now.get('csv2db_consumer_batch_seconds_sum')).toBeGreaterThan(0);
  expect(now.get('csv2db_consumer_unacknowledged_messages')).toBe(0);
  expect(now.get('csv2db_consumer_oldest_unacknowledged_age_seconds')).toBe(0);
  expect(now.get('csv2db_consumer_queue_reconnects_total')).toBe(0);
  consumer.kill('SIGTERM');
  expect(await consumer.exit).toBe(0);
});

it('a consumer tells how long after its publishing a message was committed', async () => {
  const { sandbox } = bench;
  const consumer = sandbox.start('consumer', ON);
  const served = await Served.by(consumer);
  await consumer.logged(/^consuming/);
  const latency = async () =>
    (await served.samples()).get('csv2db_consumer_publish_to_commit_seconds_sum') ?? NaN;
  const stored = async (count: number) => {
    await until('it is acknowledged', async () => {
      const now = await served.samples();
      return now.get('csv2db_consumer_acknowledged_messages_total') === count;
    });
  };
  const body = (email: string) => JSON.stringify({ name: 'Late', email });
  await sandbox.send(body('untimed@metrics.example'));
  await stored(1);
  expect((await served.samples()).get('csv2db_consumer_publish_to_commit_seconds_count')).toBe(0);

  const timestamp = Math.floor(Date.now() / 1000) - 100;
  await sandbox.send(body('seconds@metrics.example'), { timestamp });
  await stored(2);
  const first = await latency();
  expect(first).toBeGreaterThanOrEqual(100);
  expect(first).toBeLessThan(130);

  // as RabbitMQ notes it
  const headers = { timestamp_in_ms: { '!': 'long', value: Date.now() - 500_250 } };
  await sandbox.send(body('precise@metrics.example'), { timestamp, headers });
  await stored(3);
  expect(await latency()).toBeGreaterThanOrEqual(first + 500.25);

  // the clock of the producer may be ahead
  await sandbox.send(body('early@metrics.example'), { timestamp: timestamp + 5_000 });
  const before = await latency();
  await stored(4);
  expect(await latency()).toBe(before);

  const file = join(DATA, 'data_1000.csv');
  await bench.produce(['--file', file, '--rows-per-message', '1000']);
  // its rows, and what is announced of them
  await stored(7);
  expect((await latency()) - before).toBeLessThan(30);
  consumer.kill('SIGTERM');
  expect(await consumer.exit).toBe(0);
});

it('a consumer tells what is unacknowledged, and for how long', async () => {
  const { sandbox } = bench;
  const consumer = sandbox.start('consumer', [...ON, '--parallel', '2', '--prefetch', '10']);
  const served = await Served.by(consumer);
  await consumer.logged(/^consuming/);
  const blocker = await sandbox.pool.connect();
  try {
    await blocker.query('BEGIN');
    await blocker.query('LOCK TABLE contacts');
    const file = join(DATA, 'data_1000.csv');
    await bench.produce(['--file', file, '--limit', '50']);
    await until('both workers have their prefetch', async () => {
      return (await served.samples()).get('csv2db_consumer_unacknowledged_messages') === 20;
    });
    const age = async () =>
      (await served.samples()).get('csv2db_consumer_oldest_unacknowledged_age_seconds') ?? NaN;
    await until('the oldest ages', async () => (await age()) > 1);
    await blocker.query('COMMIT');
    await until('all is stored', async () => {
      return (await served.samples()).get('csv2db_consumer_unacknowledged_messages') === 0;
    });
    expect(await age()).toBe(0);
    consumer.kill('SIGTERM');
    expect(await consumer.exit).toBe(0);
  } finally {
    blocker.release();
  }
});

it('a producer writes what it counted to a file at its end, and tells it while it works', async () => {
  const { sandbox } = bench;
  const file = join(DATA, 'awkward_invalid.csv');
  const textfile = join(bench.folder, 'import.prom');
  const { summary, status } = await bench.produce(['--file', file, '--metrics-file', textfile]);
  expect(status).toBe(0);
  const text = await readFile(textfile, 'utf8');
  const numbers = samples(text);
  expect(numbers.get('csv2db_producer_rows_read_total')).toBe(summary?.['read']);
  expect(numbers.get('csv2db_producer_rows_published_total')).toBe(summary?.['published']);
  expect(numbers.get('csv2db_producer_rows_rejected_total')).toBe(summary?.['rejected']);
  expect(summary?.['rejected']).toBeGreaterThan(0);
  expect(numbers.get('csv2db_producer_unconfirmed_rows')).toBe(0);
  expect(numbers.get('csv2db_producer_read_bytes_total')).toBe((await stat(file)).size);
  expect(numbers.get('csv2db_producer_finished')).toBe(1);
  // node_exporter has those of processes itself, and refuses what is there twice
  expect(text).not.toMatch(/^(process|nodejs)_/m);
  expect(promtool(text)).toBe('');
  expect(await readdir(bench.folder)).toEqual(['import.prom']);

  // a pipe that stays open
  const producer = sandbox.start('producer', ['--file', '-', ...ON], {}, { stdin: 'pipe' });
  producer.stdin.write('Ann,ann@metrics.example\n');
  const served = await Served.by(producer);
  await until('it is published', async () => {
    return (await served.samples()).get('csv2db_producer_rows_published_total') === 1;
  });
  const now = await served.samples();
  expect(now.get('csv2db_producer_server_up{server="queue"}')).toBe(1);
  expect(now.get('csv2db_producer_queue_blocked')).toBe(0);
  expect(now.get('csv2db_producer_finished')).toBe(0);
  expect(promtool(await served.text('/metrics'))).toBe('');
  expect(await served.get('/readyz')).toEqual([200, { status: 'up', queue: 'up' }]);
  producer.stdin.end();
  await producer.succeeds();
});

it("a producer that is stopped or can't write its numbers says so", async () => {
  const { sandbox } = bench;
  const file = join(DATA, 'data_1000.csv');
  for (const [path, why] of [
    [join(bench.folder, 'missing/import.prom'), 'there is no such folder'],
    ['import.txt', 'must end with .prom'],
  ] as const) {
    const { status, stderr } = await bench.produce(['--file', file, '--metrics-file', path]);
    expect(status).toBe(1);
    expect(stderr).toContain(why);
    expect(stderr.trim()).not.toContain('\n');
  }
  expect(await sandbox.ready()).toBe(0);

  const textfile = join(bench.folder, 'import.prom');
  const args = ['--file', '-', '--metrics-file', textfile];
  const producer = sandbox.start('producer', args, {}, { stdin: 'pipe' });
  producer.stdin.write('Ann,ann@metrics.example\n');
  // with what announces the import
  await until('it is published', async () => (await sandbox.ready()) === 2);
  producer.kill('SIGINT');
  expect(await producer.exit).toBe(130);
  const numbers = samples(await readFile(textfile, 'utf8'));
  expect(numbers.get('csv2db_producer_rows_published_total')).toBe(1);
  expect(numbers.get('csv2db_producer_finished')).toBe(0);
});

it('promtool finds nothing wrong with what is served, and nothing else is', async () => {
  const { sandbox } = bench;
  const consumer = sandbox.start('consumer', ON);
  const served = await Served.by(consumer);
  const text = await served.text('/metrics');
  expect(promtool(text)).toBe('');
  const names = new Set([...samples(text).keys()].map((name) => name.split('_')[0]));
  expect([...names].sort()).toEqual(['csv2db', 'nodejs', 'process']);
  const [root, dots, inherited, query, head, post] = await Promise.all([
    served.fetch('/nothing'),
    served.fetch('/metrics/../etc'),
    served.fetch('/constructor'),
    served.fetch('/metrics?name=x'),
    served.fetch('/livez', 'HEAD'),
    served.fetch('/livez', 'POST'),
  ]);
  for (const { status } of [root, dots, inherited]) expect(status).toBe(404);
  expect([query.status, head.status, post.status]).toEqual([200, 200, 405]);
  expect(query.headers.get('content-type')).toContain('version=0.0.4');
  expect(await head.text()).toBe('');
  expect(post.headers.get('allow')).toBe('GET, HEAD');
  // with a connection that is kept
  consumer.kill('SIGTERM');
  expect(await consumer.exit).toBe(0);
});

it("an address that can't be served is one line, and status 1", async () => {
  const { sandbox } = bench;
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const address = taken.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  try {
    for (const [addr, why] of [
      [`${port}`, 'the port is taken'],
      ['192.0.2.1:0', 'this machine has no such address'],
      ['no.such.host.invalid:0', 'unknown host'],
      ['localhost', 'It must be port, host:port or [ipv6]:port'],
      ['127.0.0.1:70000', 'It must be port, host:port or [ipv6]:port'],
    ] as const) {
      const consumer = sandbox.start('consumer', ['--metrics-addr', addr]);
      expect(await consumer.exit).toBe(1);
      expect(consumer.stderr).toContain('--metrics-addr');
      expect(consumer.stderr).toContain(why);
      expect(consumer.stderr.trim()).not.toContain('\n');
    }
  } finally {
    taken.close();
  }
});
