import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it } from 'vitest';
import { BIN, DATA } from './processes.ts';
import { queueUrl, Sandbox } from './sandbox.ts';

const FILE = ['--file', join(DATA, 'data_1000.csv')];
let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await Sandbox.migrated();
  return () => sandbox.destroy();
});

describe('status 1 and one line that says what to do, for', () => {
  it.each<[string, 'producer' | 'consumer', string[], RegExp]>([
    [
      'a wrong password of the queue',
      'producer',
      ['--queue-pass', 'hunter2'],
      /refused the user "\w+": check --queue-user and --queue-pass/,
    ],
    [
      'a wrong user of the queue',
      'consumer',
      ['--queue-user', 'nobody'],
      /refused the user "nobody"/,
    ],
    [
      'a wrong password of the database',
      'consumer',
      ['--db-pass', 'hunter2'],
      /refused the user "\w+": check --db-user and --db-pass/,
    ],
    [
      'a database that is not there',
      'consumer',
      ['--db-name', 'nowhere'],
      /has no database "nowhere": create it with "consumer migrate --db-name nowhere"/,
    ],
    [
      'an unknown host',
      'producer',
      ['--queue-addr', 'nowhere.invalid:5672', '--retry-for', '0'],
      /nowhere\.invalid:5672 .*can't be reached: unknown host/,
    ],
  ])('%s', async (_, program, args, message) => {
    const run = sandbox.start(program, program === 'producer' ? FILE.concat(args) : args);
    expect(await run.exit).toBe(1);
    expect(run.stderr).toMatch(message);
    expect(run.stderr).toMatch(/^error: [^\n]+\n$/);
    expect(run.output).not.toContain('hunter2');
  });

  // it was another database that the advice led to, as the flags were not in it
  it('a database that is not there is made by what is advised, as it is, and without a password', async () => {
    await sandbox.migrate();
    const url = new URL(sandbox.databaseUrl);
    url.pathname += '_advised';
    const run = sandbox.start('consumer', ['--db-url', url.href]);
    expect(await run.exit).toBe(1);
    const [, advice = ''] = /create it with "(consumer migrate [^"]+)"/.exec(run.stderr) ?? [];
    expect(advice).toContain('_advised');
    expect(advice).not.toContain(url.password);
    const PATH = `${BIN}:${process.env['PATH']}`;
    await promisify(execFile)('sh', ['-c', advice], { env: { ...sandbox.env, PATH } });
    const name = url.pathname.slice(1);
    const sql = 'SELECT datname FROM pg_database WHERE datname = $1';
    expect((await sandbox.pool.query(sql, [name])).rows).toHaveLength(1);
    await sandbox.pool.query(`DROP DATABASE ${name} WITH (FORCE)`);
  });

  it('a vhost that is not there', async () => {
    const { hostname, port } = queueUrl();
    const run = sandbox.start('producer', [...FILE, '--queue-addr', `${hostname}:${port}/nowhere`]);
    expect(await run.exit).toBe(1);
    expect(run.stderr).toMatch(/^error: .* the vhost "nowhere" does not exist[^\n]+\n$/);
  });

  it('a table that is not there', async () => {
    await sandbox.pool.query('DROP TABLE contacts');
    const run = sandbox.start('consumer');
    expect(await run.exit).toBe(1);
    expect(run.stderr).toMatch(/^error: .* has no table contacts in "\w+"[^\n]+\n$/);
  });

  it('a queue that nothing may be published to', async () => {
    await sandbox.declareQueue();
    await sandbox.forbidPublishing();
    const run = sandbox.start('producer', FILE);
    expect(await run.exit, run.output).toBe(1);
    expect(run.stderr).toMatch(
      /^error: the user "\w+" may not publish .*; 0 rows are processed\. Go on with: [^\n]+\n$/,
    );
  });

  it('a queue that is not durable, which is left as it is', async () => {
    await sandbox.channel.assertQueue('csv2db', { durable: false });
    const run = sandbox.start('producer', FILE);
    expect(await run.exit).toBe(1);
    expect(run.stderr).toMatch(
      /^error: the queue "csv2db" .*would lose messages .*durable[^\n]+\n$/,
    );
    expect(await sandbox.ready()).toBe(0);
  });
});
