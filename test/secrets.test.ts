import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from './processes.ts';
import { databaseUrl, manage, queueUrl, Sandbox, until } from './sandbox.ts';

const PASSWORD = 'p@:/% #?ß\'"\\ x';
const ENCODED = encodeURIComponent(PASSWORD);
/** The ways in which it might show. */
const FORMS = [PASSWORD, ENCODED, JSON.stringify(PASSWORD).slice(1, -1), 'p@:/', 'p%40%3A'];

let sandbox: Sandbox;
let folder: string;
/** A user of both servers, with this password. */
let user: string;
let file: string;
let rows: string;

beforeAll(async () => {
  sandbox = await Sandbox.migrated();
  user = `${sandbox.vhost}_user`;
  await manage('PUT', `users/${user}`, { password: PASSWORD, tags: '' });
  const everything = { configure: '.*', write: '.*', read: '.*' };
  await manage('PUT', `permissions/${sandbox.vhost}/${user}`, everything);
  await sandbox.declareQueue();
  const literal = PASSWORD.replaceAll("'", "''");
  await sandbox.pool.query(`CREATE ROLE ${user} LOGIN PASSWORD '${literal}'`);
  await sandbox.pool.query(`GRANT ALL ON ALL TABLES IN SCHEMA public TO ${user}`);
});

afterAll(async () => {
  await sandbox.pool.query(`DROP OWNED BY ${user}`);
  await sandbox.pool.query(`DROP ROLE ${user}`);
  await sandbox.destroy();
  await manage('DELETE', `users/${user}`);
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
  file = join(folder, 'password');
  await writeFile(file, `${PASSWORD}\n`);
  rows = join(folder, 'rows.csv');
  await writeFile(rows, 'Ada,ada@example.com\nnobody\n');
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

function queueUrlOf(login: string): string {
  return `amqp://${login}@${queueUrl().hostname}:${queueUrl().port}/${sandbox.vhost}`;
}

function databaseUrlOf(login: string): string {
  const { hostname, port } = databaseUrl();
  return `postgres://${login}@${hostname}:${port}/${sandbox.databaseName}`;
}

/** Nothing but what a test gives says who comes with which password. */
function start(
  program: 'producer' | 'consumer',
  args: string[],
  env: Record<string, string> = {},
): Run {
  const unset: Record<string, string> = {};
  for (const name of ['PRODUCER_QUEUE', 'CONSUMER_QUEUE', 'CONSUMER_DB']) {
    unset[`FC_${name}_USER`] = '';
    unset[`FC_${name}_PASS`] = '';
  }
  const own = { XDG_STATE_HOME: folder, FC_PRODUCER_CHECKPOINT: '', ...env };
  return sandbox.start(program, args, { ...unset, ...own }, { cwd: folder });
}

describe('RabbitMQ takes the password', () => {
  it.each<[string, () => string[], () => Record<string, string>]>([
    ['of a flag', () => ['--queue-pass', PASSWORD], () => ({})],
    ['of a variable', () => [], () => ({ FC_PRODUCER_QUEUE_PASS: PASSWORD })],
    ['of a file', () => ['--queue-pass-file', file], () => ({})],
    ['of a file in a variable', () => [], () => ({ FC_PRODUCER_QUEUE_PASS_FILE: file })],
  ])('%s', async (_, flags, env) => {
    const args = ['--file', rows, '--queue-user', user, ...flags()];
    await start('producer', args, env()).succeeds();
  });

  it('of a URL in a flag, and in a variable', async () => {
    const url = queueUrlOf(`${user}:${ENCODED}`);
    await start('producer', ['--file', rows, '--queue-url', url]).succeeds();
    await start('producer', ['--file', rows], { FC_PRODUCER_QUEUE_URL: url }).succeeds();
  });
});

describe('PostgreSQL takes the password', () => {
  it.each<[string, () => string[], () => Record<string, string>]>([
    ['of a flag', () => ['--db-pass', PASSWORD], () => ({})],
    ['of a variable', () => [], () => ({ FC_CONSUMER_DB_PASS: PASSWORD })],
    ['of a file', () => ['--db-pass-file', file], () => ({})],
    ['of a file in a variable', () => [], () => ({ FC_CONSUMER_DB_PASS_FILE: file })],
    ['of PGPASSWORD', () => [], () => ({ PGPASSWORD: PASSWORD })],
    ['of a file of libpq', () => [], () => ({ PGPASSFILE: join(folder, 'pgpass') })],
  ])('%s', async (_, flags, env) => {
    const escaped = PASSWORD.replaceAll(/[:\\]/g, String.raw`\$&`);
    await writeFile(join(folder, 'pgpass'), `*:*:*:${user}:${escaped}\n`);
    await chmod(join(folder, 'pgpass'), 0o600);
    const consumer = start('consumer', ['migrate', '--db-user', user, ...flags()], env());
    await consumer.succeeds();
    expect(consumer.stderr).toBe('');
  });

  it('of a URL in a flag, and in a variable', async () => {
    const url = databaseUrlOf(`${user}:${ENCODED}`);
    await start('consumer', ['migrate', '--db-url', url]).succeeds();
    await start('consumer', ['migrate'], { FC_CONSUMER_DB_URL: url }).succeeds();
  });
});

it.each<[string, () => [queue: string, env: Record<string, string>]]>([
  [
    'a variable with a URL',
    () => {
      const FC_CONSUMER_DB_URL = databaseUrlOf(`${user}:${ENCODED}`);
      const url = queueUrlOf(`${user}:${ENCODED}`);
      const queue = { FC_PRODUCER_QUEUE_URL: url, FC_CONSUMER_QUEUE_URL: url };
      return ['', { ...queue, FC_CONSUMER_DB_URL }];
    },
  ],
  [
    'a file',
    () => {
      const queue = { FC_PRODUCER_QUEUE_PASS_FILE: file, FC_CONSUMER_QUEUE_PASS_FILE: file };
      const FC_CONSUMER_DB_URL = databaseUrlOf(user);
      return [user, { ...queue, FC_CONSUMER_DB_URL, FC_CONSUMER_DB_PASS_FILE: file }];
    },
  ],
])('nothing that a run leaves behind has the password of %s in it', async (_, how) => {
  const [name, env] = how();
  const login = name === '' ? [] : ['--queue-user', name];
  const left: Record<string, string> = {};
  for (const queue of ['csv2db', 'csv2db.dead']) await sandbox.channel.purgeQueue(queue);
  const command = async (run: Run): Promise<string> => {
    const path = `/proc/${run.pid}/cmdline`;
    return existsSync(path) ? readFile(path, 'utf8') : '';
  };

  const producer = start('producer', ['--file', rows, ...login], {
    ...env,
    FC_PRODUCER_LOG_LEVEL: 'trace',
  });
  left['the command line of the producer'] = await command(producer);
  await producer.succeeds();
  left['the log of the producer'] = producer.output;
  sandbox.channel.sendToQueue('csv2db', Buffer.from('poison'), { persistent: true });
  const peeked = await sandbox.channel.get('csv2db');
  left['a message'] = JSON.stringify(peeked);
  await sandbox.channel.recover();
  const consumer = start('consumer', login, { ...env, FC_CONSUMER_LOG_LEVEL: 'trace' });
  left['the command line of the consumer'] = await command(consumer);
  await until('the poison is dead', async () => (await sandbox.ready('csv2db.dead')) > 0);
  consumer.kill('SIGTERM');
  await consumer.succeeds();
  left['the log of the consumer'] = consumer.output;
  const list = start('consumer', ['dead', 'list', '--json', '--force', ...login], env);
  await list.succeeds();
  left['the dead letters'] = list.output;
  await rm(file);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    left[path] = await readFile(path, 'utf8');
  }
  expect(
    Object.keys(left).some((path) => path.includes('checkpoint') || path.endsWith('.json')),
  ).toBe(true);
  for (const [what, text] of Object.entries(left)) {
    for (const form of FORMS) expect(text, what).not.toContain(form);
  }
});

describe('no line that ends a program tells the password of', () => {
  it.each<[string, string[]]>([
    ['a URL of a queue that is not there', ['--queue-url', `amqp://ann:${ENCODED}@127.0.0.1:1`]],
    ['a URL that is not encoded', ['--queue-url', `amqp://ann:${PASSWORD}@127.0.0.1:1`]],
    ['a URL where an address belongs', ['--queue-addr', `amqp://ann:${ENCODED}@127.0.0.1:1`]],
    ['a URL of an unknown flag', [`--queue-uri=amqp://ann:${ENCODED}@127.0.0.1:1`]],
  ])('%s', async (_, flags) => {
    const run = start('producer', ['--file', rows, '--retry-for', '0', ...flags]);
    expect(await run.exit).toBe(1);
    for (const form of FORMS) expect(run.output).not.toContain(form);
  });

  it('the URL that another command goes on with', async () => {
    const wrong = queueUrlOf(`nobody:${ENCODED}`);
    const args = ['--file', rows, '--retry-for', '0', '--queue-url', wrong];
    const run = start('producer', args);
    expect(await run.exit).toBe(1);
    const rest = queueUrlOf('nobody').replaceAll(/[.?/]/g, String.raw`\$&`);
    expect(run.stderr).toMatch(new RegExp(`Go on with: \\S+ .*--queue-url ${rest} `));
    for (const form of FORMS) expect(run.output).not.toContain(form);
  });

  it('a URL of a database', async () => {
    for (const url of [
      `postgres://ann:${ENCODED}@127.0.0.1:1/d`,
      databaseUrlOf(`ann:${ENCODED}`),
    ]) {
      const run = start('consumer', ['migrate', '--db-url', url]);
      expect(await run.exit).toBe(1);
      expect(run.stderr).toMatch(/ \(--db-url\) can't be reached|check --db-url/);
      for (const form of FORMS) expect(run.output).not.toContain(form);
    }
  });
});
