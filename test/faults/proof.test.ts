import { afterEach, expect, it } from 'vitest';
import type { Run } from '../processes.ts';
import { Import, IS_PACKED } from './import.ts';
import { accountsOf, expectedOf, POISON } from './ledger.ts';

const ID = 'proof';
/** One row in so many is poison; a million rows with one in a hundred would take minutes. */
const POISON_EVERY = IS_PACKED ? 10_000 : 100;
/** Those that letters name; a consumer that is killed may bury a row twice. */
const deadRows = new Set<string>();
let run: Import;

afterEach(async () => {
  await run.destroy();
});

/** One row in a hundred is rejected, another one is a duplicate, and some are poison. */
function row(n: number): string {
  if (n % 100 === 20) return `Name ${n},no email`;
  if (n % 100 === 40) return `Name ${n},${(n % 1_000) - 1}@example.com`;
  if (n % POISON_EVERY === 60) return `${POISON},${n}@example.com`;
  return `Name ${n},${n}@example.com`;
}

function produce(...args: string[]): Run {
  return run.produce(['--import-id', ID, ...args]);
}

/** Something is killed up to twice a second. */
async function soon(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 400));
}

/** Kills one of two consumers, and starts another. */
function killConsumer(): void {
  const [victim] = run.consumers.splice(Math.random() < 0.5 ? 0 : 1, 1);
  victim?.kill('SIGKILL');
  run.consume(1);
}

/** Kills the producer or a consumer, twenty times. @returns the producer that runs then. */
async function killAtRandom(producer: Run): Promise<Run> {
  let running = producer;
  for (let count = 0; count < 20; count += 1) {
    await soon();
    if (Math.random() < 0.3) {
      running.kill('SIGKILL');
      await running.exit;
      running = produce('--resume');
    } else {
      killConsumer();
    }
  }
  return running;
}

/** Has the consumers finish. @returns what the ledger says of the import then. */
async function account() {
  // until then a signal just ends them
  for (const consumer of run.consumers) await consumer.logged(/^consuming/);
  await run.drained();
  run.consumers.length = 0;
  return (await accountsOf(run.sandbox, deadRows)).find((one) => one.import === ID);
}

/** The rows that are missing, as the producer takes them. */
async function missing(): Promise<string> {
  const command = run.sandbox.start('consumer', ['status', ID, '--missing']);
  await command.succeeds();
  return command.stdout;
}

it('the ledger accounts for each row, whatever is killed, and what a purge took can be sent again', async () => {
  run = await Import.create(row);
  const { sandbox } = run;
  await sandbox.pool.query(`ALTER TABLE contacts ADD CHECK (name <> '${POISON}')`);

  const [one, other] = run.consume(2);
  const producer = produce();
  await run.underWay();
  for (const victim of [one, other]) victim?.kill('SIGKILL');
  // these rows are not sent again by a producer that is resumed
  await run.checkpointed(0.5);
  await sandbox.channel.purgeQueue('csv2db');
  run.consumers.length = 0;
  run.consume(2);
  await (await killAtRandom(producer)).succeeds();
  const before = await account();
  expect(before).toMatchObject({ pending: countOf(await missing()) });
  expect(before?.pending).toBeGreaterThan(0);

  run.consume(2);
  const again = run.produce(['--import-id', ID, '--rows', '-'], {}, { stdin: 'pipe' });
  again.stdin.end(await missing());
  for (let count = 0; count < 5; count += 1) {
    await soon();
    killConsumer();
  }
  await again.succeeds();
  const after = await account();
  expect(after).toMatchObject({ state: 'complete', pending: 0, ...(await expectedOf(run.file)) });
  expect(await missing()).toBe('');
}, 300_000);

/** How many rows a list like `1-3,7` names; it is not empty. */
function countOf(list: string): number {
  const ranges = list.split(',').map((range) => range.split('-').map(Number));
  return ranges.reduce((sum, [first = NaN, last = first]) => sum + last - first + 1, 0);
}
