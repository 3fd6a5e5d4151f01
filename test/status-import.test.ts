import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Sandbox, until } from './sandbox.ts';

let sandbox: Sandbox;
let folder: string;

beforeAll(async () => {
  sandbox = await Sandbox.migrated();
  await sandbox.declareQueue();
  folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
});

afterAll(async () => {
  await sandbox.destroy();
  await rm(folder, { recursive: true });
});

/** What `consumer status` says of imports, as JSON. */
async function imports(): Promise<Record<string, unknown>[]> {
  const run = sandbox.start('consumer', ['status', '--json']);
  await run.succeeds();
  return run.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function produce(name: string, rows: readonly string[], ...args: string[]): Promise<void> {
  const file = join(folder, name);
  await writeFile(file, rows.join(''));
  await sandbox.start('producer', ['--file', file, ...args]).succeeds();
}

const row = (number: number): string => `Name ${number},${number}@example.com\n`;
const numbers = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

it('accounts for each row of two files that overlap', async () => {
  const consumer = sandbox.start('consumer');
  await produce('first.csv', numbers(1, 200).map(row), '--rows-per-message', '50');
  await until('the first is stored', async () => (await sandbox.countContacts()) === 200);
  const others = [...numbers(151, 299).map(row), '"N\u0001",bad@example.com\n', 'no email,x\n'];
  await sandbox.pool.query("ALTER TABLE contacts ADD CHECK (email <> 'bad@example.com')");
  await produce('second.csv', others);
  await sandbox.send('{"name":"F","email":"foreign@example.com"}');
  await until('all is stored', async () => (await sandbox.countContacts()) === 300);
  await until('one is dead', async () => (await sandbox.ready('csv2db.dead')) === 1);
  consumer.kill('SIGTERM');
  await consumer.succeeds();

  // first, since status merges the entries of what is complete
  const why = sandbox.start('consumer', ['why', '160@example.com']);
  await why.succeeds();
  const seen = await imports();
  expect(seen).toHaveLength(3);
  const [first, second] = seen;
  expect(first).toMatchObject({ inserted: 200, duplicate: 0, dead: 0, highestRow: 200 });
  expect(second).toMatchObject({ inserted: 99, duplicate: 50, dead: 1 });
  expect(seen[2]).toEqual({ import: null, rows: 1, inserted: 1 });
  expect(why.stdout).toMatch(
    new RegExp(`^the import ${String(first?.['import'])} .*one of its rows [\\d,-]+, at `),
  );
});

it('is whole where a producer that was stopped goes on as it advised, even one that read a pipe', async () => {
  const rows = numbers(1001, 1150).map(row);
  const args = ['--file', '-', '--import-id', 'piped'];
  const stopped = sandbox.start('producer', args, {}, { stdin: 'pipe' });
  stopped.stdin.write(rows.slice(0, 100).join(''));
  await until('some are published', async () => (await sandbox.ready()) > 100);
  stopped.kill('SIGTERM');
  expect(await stopped.exit).toBe(143);
  const { msg } = await stopped.logged(/Go on with: /);
  const [, advice = ''] = /Go on with: \S+ (.*)$/.exec(String(msg)) ?? [];
  const going = sandbox.start('producer', advice.split(' '), {}, { stdin: 'pipe' });
  going.stdin.end(rows.join(''));
  await going.succeeds();
  const consumer = sandbox.start('consumer');
  const proof = sandbox.start('consumer', [
    'status',
    'piped',
    '--wait',
    '--json',
    '--timeout',
    '30s',
  ]);
  await proof.succeeds();
  expect(JSON.parse(proof.stdout)).toMatchObject({ state: 'complete', read: 150, inserted: 150 });
  consumer.kill('SIGTERM');
  await consumer.succeeds();
});

it('is whole where a file is sent again as "status --missing" advised, and has all its rejected rows', async () => {
  const file = join(folder, 'killed.csv');
  const rows = numbers(1, 30_000).map((n) =>
    n % 100 === 0 ? 'bad,x\n' : `K,${n}@killed.example\n`,
  );
  await writeFile(file, rows.join(''));
  const killed = sandbox.start('producer', ['--file', file, '--import-id', 'killed']);
  await until('some are published', async () => (await sandbox.ready()) > 2_000);
  killed.kill('SIGKILL');
  await killed.exit;
  const consumer = sandbox.start('consumer');
  await until('they are stored', async () => (await sandbox.ready()) === 0);
  const missing = sandbox.start('consumer', ['status', 'killed', '--missing']);
  expect(await missing.exit).toBe(1);
  const [, advice = ''] = /"producer (--file \S+ --import-id killed)"/.exec(missing.stderr) ?? [];
  const again = sandbox.start('producer', advice.split(' '), { FC_PRODUCER_REJECTS: undefined });
  await again.succeeds();
  const proof = sandbox.start('consumer', ['status', 'killed', '--wait', '--json']);
  await proof.succeeds();
  expect(JSON.parse(proof.stdout)).toMatchObject({
    state: 'complete',
    read: 30_000,
    rejected: 300,
    inserted: 29_700,
    duplicate: 0,
  });
  const { msg } = await again.logged(/^rejected rows are in /);
  const [, path = ''] = /^rejected rows are in (.*), with/.exec(String(msg)) ?? [];
  expect((await readFile(path, 'utf8')).match(/^bad,x/gm)).toHaveLength(300);
  consumer.kill('SIGTERM');
  await consumer.succeeds();
});
