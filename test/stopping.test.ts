import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox, until } from './sandbox.ts';

const ROWS = 300_000;
let folder: string;
let file: string;
let sandbox: Sandbox;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
  file = join(folder, 'rows.csv');
  const rows = Array.from({ length: ROWS }, (_, row) => `Name ${row},${row}@example.com\n`);
  await writeFile(file, rows.join(''));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

beforeEach(async () => {
  sandbox = await Sandbox.migrated();
  await sandbox.declareQueue();
  return () => sandbox.destroy();
});

async function someMessages(): Promise<void> {
  await until('there are messages', async () => (await sandbox.ready()) > 1_000);
}

describe('the producer, in the middle of a file,', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    'stops at %s with status %i, and what it counted is in the queue',
    async (signal, status) => {
      const producer = sandbox.start('producer', ['--file', file]);
      await someMessages();
      producer.kill(signal);
      expect(await producer.exit, producer.output).toBe(status);
      const { read, published, rejected } = await producer.logged(/^stopped: [\d,]+ rows read/);
      expect(published).toBeLessThan(ROWS);
      expect(published).toBe(read);
      expect(rejected).toBe(0);
      const goOn =
        /rows are processed\. Go on with: \S*producer --file \S+ --import-id \S+ --offset \d+$/;
      expect(producer.log.at(-1)?.msg).toMatch(goOn);
      expect(await sandbox.take()).toHaveLength(Number(published));
    },
  );
});

describe('the consumer', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends with status 0 at %s while it has nothing to do',
    async (signal) => {
      const consumer = sandbox.start('consumer');
      await consumer.logged(/^consuming/);
      consumer.kill(signal);
      await consumer.succeeds();
    },
  );

  it('has stored, when it ends in the middle of an import, exactly what it acknowledged', async () => {
    const producer = sandbox.start('producer', ['--file', file]);
    const consumer = sandbox.start('consumer');
    await until('there are rows', async () => (await sandbox.countContacts()) > 5_000);
    producer.kill('SIGTERM');
    await producer.exit;
    consumer.kill('SIGTERM');
    await consumer.succeeds();

    const published = Number((await producer.logged(/^stopped/))['published']);
    const { inserted, duplicates } = await consumer.logged(/^stopped/);
    expect(duplicates).toBe(0);
    expect(await sandbox.countContacts()).toBe(inserted);
    let rest = 0;
    await until('the rest is back', async () => {
      rest += (await sandbox.take()).length;
      return rest === published - Number(inserted);
    });
  });
});

// Node.js waits for its threads when it ends
it.each([
  ['one signal', 1],
  ['two signals', 2],
])('a thread that hangs in a system call does not outlive %s', async (_, signals) => {
  const pipe = join(folder, `pipe-${signals}`);
  await promisify(execFile)('mkfifo', [pipe]);
  const stuck = join(folder, 'stuck.cjs');
  await writeFile(stuck, `require('node:fs').open(${JSON.stringify(pipe)}, () => {});`);
  const producer = sandbox.start('producer', ['--file', file], {
    NODE_OPTIONS: `--require ${stuck}`,
  });
  await someMessages();
  for (let count = 0; count < signals; count += 1) producer.kill('SIGTERM');
  expect(await producer.exit, producer.output).toBeGreaterThan(0);
});

it('a drain may take longer than a timer can', async () => {
  const consumer = sandbox.start('consumer', ['--drain-timeout', '600h']);
  await consumer.logged(/^consuming/);
  const producer = sandbox.start('producer', ['--file', file, '--drain-timeout', '600h']);
  await until('there are rows', async () => (await sandbox.countContacts()) > 5_000);
  for (const run of [producer, consumer]) run.kill('SIGTERM');
  expect(await producer.exit, producer.output).toBe(143);
  await consumer.succeeds();
});

describe('a defect', () => {
  it.each(['producer', 'consumer'] as const)(
    'ends the %s with status 2 and its stack',
    async (program) => {
      const defect = join(folder, 'defect.cjs');
      await writeFile(defect, "setImmediate(() => { throw new TypeError('a defect') });");
      const run = sandbox.start(
        program,
        ['--file', file].slice(0, program === 'producer' ? 2 : 0),
        {
          NODE_OPTIONS: `--require ${defect}`,
        },
      );
      expect(await run.exit).toBe(2);
      expect(run.stderr).toMatch(/^TypeError: a defect\n\s+at .*defect\.cjs/);
    },
  );

  it('is to wait for nothing before all is done: status 2, where Node would end with 0', async () => {
    const defect = join(folder, 'unheld.cjs');
    await writeFile(
      defect,
      `const timers = require('node:timers/promises');
       const { setTimeout } = timers;
       timers.setTimeout = (delay, value, options) => setTimeout(delay, value, { ...options, ref: false });`,
    );
    const nowhere = ['--queue-addr', '127.0.0.1:1', '--retry-for', 'forever'];
    const env = { NODE_OPTIONS: `--require ${defect}` };
    const run = sandbox.start('producer', ['--file', file, ...nowhere], env);
    expect(await run.exit, run.output).toBe(2);
    expect(run.stderr).toMatch(/^Error: nothing is left to wait for, and not all is done\n/);
  });
});
