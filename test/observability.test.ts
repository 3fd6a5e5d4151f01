import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dashboard, queriesOf } from './dashboard.ts';
import type { Run } from './processes.ts';
import { Prometheus } from './prometheus.ts';
import { manage, queueUrl, Sandbox, until } from './sandbox.ts';

let sandbox: Sandbox;
let folder: string;
let prometheus: Prometheus;

/** Of node_exporter, which is not here. */
const ELSEWHERE = new Set(['node_textfile_mtime_seconds']);

// a real Prometheus watches a real import, in which a row of each kind occurs
beforeAll(async () => {
  sandbox = await Sandbox.migrated();
  await sandbox.pool.query(`ALTER TABLE contacts ADD CHECK (name <> 'Refused')`);
  await sandbox.declareQueue();
  folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
  const metrics = ['--metrics-addr', '127.0.0.1:0'];
  const consumer = sandbox.start('consumer', metrics);
  const producer = sandbox.start('producer', ['--file', '-', ...metrics], {}, { stdin: 'pipe' });
  prometheus = await Prometheus.start(folder, {
    'csv2db-consumer': await addressOf(consumer),
    'csv2db-producer': await addressOf(producer),
    rabbitmq: await addressOfRabbitmq(),
  });
  // a rate needs two looks at a counter
  await until('all three are scraped', async () => {
    return (await prometheus.query('up == 1')).length === 3;
  });
  const stored = Array.from({ length: 50 }, (_, n) => `Name ${n},${n}@observed.example\n`);
  const rows = [...stored, stored[0], 'Refused,refused@observed.example\n', 'Rejected,none\n'];
  producer.stdin.write(rows.join(''));
  await until('all is scraped', async () => {
    const [counted] = await prometheus.query('sum(csv2db_consumer_rows_total)');
    return counted?.value === 52;
  });
});
afterAll(async () => {
  await sandbox.destroy();
  await prometheus.stop();
  await rm(folder, { recursive: true });
});

it.each(dashboard.panels)('the panel "$title" has data', async (panel) => {
  for (const query of queriesOf(panel)) {
    expect(query).not.toContain('$');
    await until(`"${query}" has data`, async () => {
      const samples = await prometheus.query(query);
      return samples.some(({ value }) => !Number.isNaN(value));
    });
  }
});

it('the dashboard counts the rows that are stored, and parts them from others', async () => {
  expect(await prometheus.query(queryOf('Rows stored'))).toMatchObject([{ value: 50 }]);
  const rates = await prometheus.query(`${queryOf('Rows, by what became of them')} > 0`);
  const outcomes = rates.map(({ metric }) => metric['outcome']);
  expect(outcomes.sort()).toEqual(['dead', 'duplicate', 'inserted']);
});

it('every alert is about metrics that there are, and those fire that should', async () => {
  const names = await prometheus.query('group by (__name__) ({__name__=~".+"})');
  const known = new Set(names.map(({ metric }) => metric['__name__'] ?? ''));
  await until('all alerts were evaluated', async () => {
    return (await prometheus.rules()).every(({ health }) => health === 'ok');
  });
  const rules = await prometheus.rules();
  for (const { name, query } of rules) {
    const metrics = query.match(/\b(csv2db|rabbitmq|nodejs|node)_\w+/g) ?? [];
    const unknown = metrics.filter((metric) => !known.has(metric) && !ELSEWHERE.has(metric));
    expect(unknown, name).toEqual([]);
  }
  const firing = async () =>
    (await prometheus.rules()).flatMap(({ name, state }) => (state === 'firing' ? [name] : []));
  await until('two fire', async () => (await firing()).length >= 2);
  expect(await firing()).toEqual(['Csv2dbDeadLetters', 'Csv2dbRowsRejected']);
});

/** The first query of the panel with that title. */
function queryOf(title: string): string {
  const panel = dashboard.panels.find((one) => one.title === title);
  const [query] = panel ? queriesOf(panel) : [];
  if (query === undefined) throw new Error(`the dashboard has no panel "${title}"`);
  return query;
}

async function addressOf(run: Run): Promise<string> {
  const { url } = await run.logged(/metrics are at /);
  return new URL(String(url)).host;
}

/** Where the broker's plugin serves its metrics. */
async function addressOfRabbitmq(): Promise<string> {
  const { listeners } = (await manage('GET', 'overview')) as {
    listeners: { protocol: string; port: number }[];
  };
  const plugin = listeners.find(({ protocol }) => protocol === 'http/prometheus');
  if (!plugin) throw new Error('RabbitMQ lacks the plugin rabbitmq_prometheus: enable it');
  return `${queueUrl().hostname}:${plugin.port}`;
}
