import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Status } from '../consumer/page/status.ts';
import { announce, write } from '../consumer/test/status/ledger.ts';
import type { Run } from './processes.ts';
import { Proxy } from './proxy.ts';
import { queueUrl, Sandbox, until } from './sandbox.ts';
import { Served } from './scrape.ts';

const ON = ['--metrics-addr', '0'];

let sandbox: Sandbox;
let guest: string;

beforeAll(async () => {
  sandbox = await Sandbox.migrated();
  await sandbox.declareQueue();
  await announce(sandbox.pool, 'one', { lastRow: 3, ended: '2026-11-26T15:55:13.000Z' });
  for (const row of [1, 2, 3]) {
    const none = { refused: [], rejected: [], skipped: [] };
    await write(sandbox.pool, 'one', { ...none, covered: [row], inserted: 1 });
  }
  guest = `${sandbox.databaseName}_guest`;
  await sandbox.pool.query(`CREATE ROLE ${guest} LOGIN PASSWORD 'guest'`);
  await sandbox.pool.query(`GRANT INSERT, SELECT ON ALL TABLES IN SCHEMA public TO ${guest}`);
});

afterAll(async () => {
  await sandbox.pool.query(`DROP OWNED BY ${guest}; DROP ROLE ${guest}`);
  await sandbox.destroy();
});

async function statusOf(served: Served): Promise<Status> {
  return (await (await served.fetch('/status.json')).json()) as Status;
}

/** Starts a consumer as a role of few rights, and waits until it works. */
async function consuming(env: Record<string, string> = {}): Promise<[Run, Served]> {
  const asGuest = { FC_CONSUMER_DB_USER: guest, FC_CONSUMER_DB_PASS: 'guest' };
  const consumer = sandbox.start('consumer', ON, { ...asGuest, ...env });
  const served = await Served.by(consumer);
  await consumer.logged(/^consuming/);
  return [consumer, served];
}

async function stop(consumer: Run): Promise<void> {
  consumer.kill('SIGTERM');
  expect(await consumer.exit).toBe(0);
}

/** How often this database's ledger was read. */
async function scans(): Promise<number> {
  const { rows } = await sandbox.pool.query<{ scans: number }>(
    `SELECT (pg_stat_get_numscans('csv2db_announcements'::regclass)
      + pg_stat_get_numscans('csv2db_announcements_import'::regclass))::int AS scans`,
  );
  return rows[0]?.scans ?? NaN;
}

/** How many connections of the role are there, and how many of them are in a transaction. */
async function sessions(): Promise<{ all: number; busy: number }> {
  const { rows } = await sandbox.pool.query<{ all: number; busy: number }>(
    `SELECT count(*)::int AS all, count(*) FILTER (WHERE state <> 'idle')::int AS busy
     FROM pg_stat_activity WHERE usename = '${guest}'`,
  );
  return rows[0] ?? { all: NaN, busy: NaN };
}

it('one look at the ledger is shared by all who ask, and there is none while nobody does', async () => {
  const [consumer, served] = await consuming();
  const first = await statusOf(served);
  expect(first.ledger.value?.imports).toMatchObject([{ id: 'one', inserted: 3, pending: 0 }]);
  const looks = new Set<number | null>();
  const end = Date.now() + 4_200;
  while (Date.now() < end) {
    const answers = await Promise.all(Array.from({ length: 10 }, () => statusOf(served)));
    for (const { ledger, depths } of answers) looks.add(ledger.at).add(depths.at);
  }
  // at most one each two seconds, of two servers
  expect(looks.size).toBeGreaterThan(2);
  expect(looks.size).toBeLessThanOrEqual(6);
  await until('the last look is over', async () => (await sessions()).busy === 0);
  const before = await scans();
  await new Promise((resolve) => setTimeout(resolve, 2_200));
  expect(await scans()).toBe(before);
  await stop(consumer);
});

it('a look changes nothing of the ledger, merges nothing, and takes no connection of a worker', async () => {
  await sandbox.pool.query(`GRANT DELETE ON csv2db_ledger TO ${guest}`);
  const [consumer, served] = await consuming();
  const { all } = await sessions();
  await statusOf(served);
  expect((await sessions()).all).toBe(all + 1);
  const { rows } = await sandbox.pool.query('SELECT FROM csv2db_ledger');
  expect(rows).toHaveLength(3);
  await stop(consumer);
});

it('an outage of PostgreSQL is told, with the last numbers and of when they are', async () => {
  const { hostname, port } = sandbox.databaseUrl;
  const way = await Proxy.start(hostname, Number(port));
  const env = { FC_CONSUMER_DB_HOST: '127.0.0.1', FC_CONSUMER_DB_PORT: String(way.port) };
  const [consumer, served] = await consuming(env);
  const { ledger } = await statusOf(served);
  await way.close();
  await until('it is told', async () => (await statusOf(served)).ledger.problem !== null);
  const out = await statusOf(served);
  expect(out.ledger.value).toEqual(ledger.value);
  expect(out.ledger.problem).toContain("can't be reached: connection refused");
  expect(out.ledger.at).toBeGreaterThanOrEqual(ledger.at ?? Infinity);
  expect(out.servers).toEqual({
    queue: { state: 'up', words: 'up' },
    database: { state: 'down', words: `down: ${out.ledger.problem}` },
  });
  await sandbox.send('{"name":"Ann","email":"ann@out.example"}');
  const waits = { state: 'waits', words: 'up, deliveries wait for PostgreSQL' };
  await until('a delivery waits', async () => {
    return (await statusOf(served)).servers.queue.words === waits.words;
  });
  expect((await statusOf(served)).servers.queue).toEqual(waits);
  await way.reopen();
  await until('it is over', async () => (await statusOf(served)).ledger.problem === null);
  await until('it is stored', async () => (await statusOf(served)).servers.queue.state === 'up');
  await sandbox.pool.query("DELETE FROM csv2db_ledger WHERE import = ''");
  expect((await statusOf(served)).servers.database).toEqual({ state: 'up', words: 'up' });
  await stop(consumer);
  await way.close();
});

it('PostgreSQL is not down where the page alone gets no connection', async () => {
  const [consumer, served] = await consuming();
  await sandbox.pool.query(`ALTER ROLE ${guest} CONNECTION LIMIT 0`);
  const { ledger, servers } = await statusOf(served);
  expect(ledger.problem).toContain('too many connections');
  expect(servers.database.state).toBe('up');
  await sandbox.pool.query(`ALTER ROLE ${guest} CONNECTION LIMIT -1`);
  await stop(consumer);
});

it('an outage of RabbitMQ is told, and the ledger is read all the same', async () => {
  const { hostname, port } = queueUrl();
  const proxy = await Proxy.start(hostname, Number(port));
  const address = `127.0.0.1:${proxy.port}/${sandbox.vhost}`;
  const [consumer, served] = await consuming({ FC_CONSUMER_QUEUE_ADDR: address });
  await sandbox.send('no JSON');
  await until('the letter is dead and counted', async () => {
    const { depths, refused } = await statusOf(served);
    return depths.value?.dead === 1 && refused.reasons.length === 1;
  });
  await proxy.close();
  await until('it is told', async () => (await statusOf(served)).depths.problem !== null);
  const out = await statusOf(served);
  expect(out.servers.queue.state).toBe('down');
  expect(out.servers.queue.words).toMatch(
    /^down(, connecting|, next try in \d s)?: .*(connection to RabbitMQ .* is lost|can't be reached)/,
  );
  expect(out.depths.value).toEqual({ queue: 0, dead: 1 });
  expect(out.ledger.problem).toBe(null);
  expect(out.refused.reasons).toEqual([{ reason: 'the body is not JSON', count: 1 }]);
  await stop(consumer);
});

it('a ledger that is not there, or may not be read, is told with what mends it', async () => {
  await sandbox.pool.query(`REVOKE SELECT ON csv2db_ledger FROM ${guest}`);
  const [consumer, served] = await consuming();
  const grant = `GRANT INSERT, SELECT ON TABLE "csv2db_ledger" TO "${guest}"`;
  const closed = await statusOf(served);
  expect(closed.ledger.problem).toContain(grant);
  expect(closed.servers.database.state).toBe('up');
  await sandbox.pool.query(`GRANT SELECT ON csv2db_ledger TO ${guest}`);
  await until('it is read', async () => (await statusOf(served)).ledger.problem === null);
  await sandbox.pool.query('ALTER TABLE csv2db_ledger RENAME TO csv2db_away');
  await until('it is told', async () => (await statusOf(served)).ledger.problem !== null);
  expect((await statusOf(served)).ledger.problem).toMatch(/no ledger .* "consumer migrate"$/);
  await sandbox.pool.query('ALTER TABLE csv2db_away RENAME TO csv2db_ledger');
  await stop(consumer);
});

it('the newest imports are told, the newest first, and how many there are', async () => {
  for (let day = 1; day <= 9; day += 1) {
    for (let n = 0; n < 6; n += 1) {
      await announce(sandbox.pool, `day-${day}-${n}`, {
        begun: `2026-10-0${day}T00:00:0${n}.000Z`,
      });
    }
  }
  const silent = { refused: [], rejected: [], skipped: [] };
  await write(sandbox.pool, 'unannounced', { ...silent, covered: [7], inserted: 1 });
  await write(sandbox.pool, '', { ...silent, covered: [], inserted: 2 });
  const [consumer, served] = await consuming();
  const { value } = (await statusOf(served)).ledger;
  expect(value?.total).toBe(56);
  expect(value?.imports).toHaveLength(50);
  const ids = value?.imports.map(({ id }) => id) ?? [];
  expect(ids.slice(0, 4)).toEqual(['unannounced', 'one', 'day-9-5', 'day-9-4']);
  expect(value?.imports[0]).toMatchObject({ file: null, inserted: 1 });
  expect(value?.foreign).toEqual({ rows: 0, inserted: 2 });
  await stop(consumer);
});

/** Asks over the loopback interface, under a name. */
function asked(
  { url }: Served,
  name: string,
  path = '/status.json',
): Promise<[status: number | undefined, body: string]> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path, headers: { host: `${name}:${port}` } };
    request(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve([response.statusCode, body]));
    })
      .on('error', reject)
      .end();
  });
}

it('is only served under names of this machine, and to those who read', async () => {
  const [consumer, served] = await consuming();
  for (const name of ['localhost', '127.0.0.1', '[::1]', 'csv2db.localhost']) {
    const [status] = await asked(served, name);
    expect(status, name).toBe(200);
  }
  for (const name of ['rebound.example', 'localhost.example', '127.0.0.1.example']) {
    const [status, body] = await asked(served, name);
    expect([status, body]).toEqual([403, expect.stringContaining(`not under the name "${name}`)]);
    expect(body).not.toContain('one');
    expect(await asked(served, name, '/livez')).toEqual([200, '{"status":"up"}\n']);
  }
  expect((await served.fetch('/', 'POST')).status).toBe(405);
  const head = await served.fetch('/', 'HEAD');
  expect([head.status, await head.text()]).toEqual([200, '']);
  await stop(consumer);
});

it('is served under any name where it is open to others, on whatever way one comes', async () => {
  const consumer = sandbox.start('consumer', ['--metrics-addr', '0.0.0.0:0']);
  const served = await Served.by(consumer);
  for (const path of ['/', '/status.json', '/metrics']) {
    expect((await asked(served, 'myhost', path))[0], path).toBe(200);
  }
  await consumer.logged(/^consuming/);
  await stop(consumer);
});

it('the address of a producer has no page', async () => {
  const producer = sandbox.start('producer', ['--file', '-', ...ON], {}, { stdin: 'pipe' });
  const served = await Served.by(producer);
  const answer = await served.fetch('/');
  expect([answer.status, await answer.text()]).toEqual([
    404,
    'there are /metrics, /livez, /readyz\n',
  ]);
  producer.stdin.end();
  await producer.succeeds();
});
