import { afterEach, expect, it } from 'vitest';
import type { Run } from '../processes.ts';
import { manage } from '../sandbox.ts';
import { Import } from './import.ts';
import { killAtRandom, type Party, soon } from './kills.ts';
import { accountOf, accountsOf, expectedOf } from './ledger.ts';
import { mixedRows, POISON } from './rows.ts';
import { IS_PACKED, PROOF_ROWS, SOME_ROWS } from './size.ts';

// each of these imports has 1% of its rows rejected, 1% duplicates, and 1% poison

const ID = 'proof';
const NOTHING_IS_LEFT = { state: 'complete', pending: 0, skipped: 0 };
let run: Import;

afterEach(async () => {
  await run.destroy();
});

/** Has the database refuse what is poison. */
async function refusePoison(): Promise<void> {
  const check = `CONSTRAINT no_poison CHECK (name <> '${POISON}')`;
  await run.sandbox.pool.query(`ALTER TABLE contacts ADD ${check}`);
}

/** Kills parties at random, and starts them again. @returns the producer that runs then. */
async function killAll(
  times: Record<Party, number>,
  producer: Run,
  startProducer: () => Run,
): Promise<Run> {
  let running = producer;
  await killAtRandom(times, async (service) => {
    if (service === 'consumer') {
      run.killConsumer();
    } else {
      running.kill('SIGKILL');
      await running.exit;
      running = startProducer();
    }
  });
  return running;
}

/** Kills consumers, so many of them, one after the other. */
async function killConsumers(times: number): Promise<void> {
  for (let count = 0; count < times; count += 1) {
    await soon();
    run.killConsumer();
  }
}

/** Has the queue take messages with three tenths of some rows on top of what it has, and refuse what is behind. */
async function limitQueue(): Promise<void> {
  const messages = SOME_ROWS / (IS_PACKED ? 100 : 1);
  await manage('PUT', `policies/${run.sandbox.vhost}/full`, {
    pattern: '^csv2db$',
    definition: { 'max-length': (await run.sandbox.ready()) + 0.3 * messages },
    'apply-to': 'queues',
  });
}

it('whoever is killed, fifty times, and though a queue is purged: what is missing is sent again', async () => {
  run = await Import.create({ 'rows.csv': mixedRows(0, PROOF_ROWS) }, PROOF_ROWS);
  await refusePoison();
  const lines = await run.lines();
  const deadRows = new Set<string>();
  const lost = 0.2 * PROOF_ROWS;
  await run.produce(['--import-id', ID, '--limit', `${lost}`]).succeeds();
  await run.sandbox.channel.purgeQueue('csv2db');
  run.consume(2);
  const times = { producer: 10, consumer: 16, rabbitmq: 2, postgres: 2 };
  const resume = () => run.produce(['--import-id', ID, '--resume']);
  await (await killAll(times, resume(), resume)).succeeds();
  await run.finished();

  const list = await run.missing(ID);
  expect(list).toBe(`1-${lost}\n`);
  const arrived = lines.slice(lost);
  const before = (await accountsOf(run.sandbox, deadRows)).find((one) => one.import === ID);
  expect(before).toMatchObject({ ...expectedOf(arrived), read: lines.length, pending: lost });
  expect(await run.notStored(arrived)).toEqual([]);

  run.consume(2);
  const sendAgain = () => run.sendAgain(ID, list);
  const timesAgain = { producer: 5, consumer: 11, rabbitmq: 2, postgres: 2 };
  await (await killAll(timesAgain, sendAgain(), sendAgain)).succeeds();
  await run.finished();
  const after = (await accountsOf(run.sandbox, deadRows)).find((one) => one.import === ID);
  expect(after).toMatchObject({ ...NOTHING_IS_LEFT, ...expectedOf(lines) });
  expect(await run.missing(ID)).toBe('');
  expect(await run.notStored(lines)).toEqual([]);
}, 600_000);

it('two imports at once of files that overlap, while consumers are killed', async () => {
  const half = SOME_ROWS / 2;
  const names = ['One', 'Other'] as const;
  run = await Import.create(
    {
      'One.csv': mixedRows(0, half, 'One'),
      'Other.csv': mixedRows(half / 2, half / 2 + half, 'Other'),
    },
    SOME_ROWS,
  );
  await refusePoison();
  run.consume(2);
  const producers = names.map((name) => run.of(`${name}.csv`).produce(['--import-id', name]));
  await killConsumers(8);
  for (const producer of producers) await producer.succeeds();
  await run.finished();
  const accounts = await accountsOf(run.sandbox);
  for (const name of names) {
    const { read, rejected, dead, inserted, duplicate } = expectedOf(
      await run.of(`${name}.csv`).lines(),
    );
    const account = accounts.find((one) => one.import === name);
    expect(account).toMatchObject({ ...NOTHING_IS_LEFT, read, rejected, dead });
    // which of both stores what they share is not known before
    const { rows } = await run.sandbox.pool.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM contacts WHERE name LIKE $1',
      [`${name} %`],
    );
    expect(account?.inserted).toBe(rows[0]?.count);
    expect(account?.duplicate).toBe(inserted + duplicate - (rows[0]?.count ?? NaN));
  }
  expect(await run.sandbox.countContacts()).toBe(expectedOf(await run.lines()).inserted);
}, 300_000);

it('an import of several files, one of them gzipped, that is killed and resumed three times', async () => {
  const third = Math.floor(SOME_ROWS / 3);
  run = await Import.create(
    {
      '1.csv': mixedRows(0, third),
      '2.csv.gz': mixedRows(third, 2 * third),
      '3.csv': mixedRows(2 * third, SOME_ROWS),
    },
    SOME_ROWS,
  );
  await refusePoison();
  const produce = () => run.produce(['--parallel', '1', '--import-id', ID, '--resume']);
  for (const part of [0.05, 0.1, 0.15]) {
    // so none of them comes to the end
    await limitQueue();
    const victim = produce();
    await victim.logged(/^RabbitMQ refuses messages, the queue may be full/);
    await run.checkpointed(part);
    victim.kill('SIGKILL');
    await victim.exit;
  }
  run.consume(2);
  await produce().succeeds();
  await run.finished();
  const imports = (await accountsOf(run.sandbox)).filter(({ read }) => read !== 0);
  const expected = { import: ID, ...NOTHING_IS_LEFT, ...expectedOf(await run.lines()) };
  expect(imports).toMatchObject([expected]);
}, 300_000);

it('dead letters that are replayed once the table is mended, while consumers are killed', async () => {
  run = await Import.create({ 'rows.csv': mixedRows(0, SOME_ROWS) }, SOME_ROWS);
  await refusePoison();
  const { sandbox } = run;
  const lines = await run.lines();
  run.consume(2);
  await run.produce(['--import-id', ID]).succeeds();
  await killConsumers(3);
  await run.finished();
  const before = expectedOf(lines);
  expect(before.dead).toBeGreaterThan(0);
  expect(await accountOf(sandbox, ID)).toMatchObject({ ...NOTHING_IS_LEFT, ...before });

  await sandbox.pool.query('ALTER TABLE contacts DROP CONSTRAINT no_poison');
  run.consume(2);
  const killed = sandbox.start('consumer', ['dead', 'replay']);
  await killConsumers(1);
  killed.kill('SIGKILL');
  await killed.exit;
  await sandbox.start('consumer', ['dead', 'replay']).succeeds();
  await killConsumers(1);
  await run.finished();
  expect(await sandbox.ready('csv2db.dead')).toBe(0);
  const account = (await accountsOf(sandbox)).find((one) => one.import === ID);
  expect(account).toMatchObject({ ...NOTHING_IS_LEFT, ...expectedOf(lines, true) });
}, 300_000);
