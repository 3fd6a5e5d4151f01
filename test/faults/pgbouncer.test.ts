import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DATA } from '../processes.ts';
import { Sandbox, until } from '../sandbox.ts';
import { accountsOf } from './ledger.ts';
import { Pgbouncer } from './pgbouncer.ts';

let pgbouncer: Pgbouncer;
let sandbox: Sandbox;
let throughIt: Record<string, string>;

beforeAll(async () => {
  pgbouncer = await Pgbouncer.start();
});

afterAll(async () => {
  await pgbouncer.remove();
});

beforeEach(async () => {
  sandbox = await Sandbox.create();
  throughIt = { FC_CONSUMER_DB_HOST: '127.0.0.1', FC_CONSUMER_DB_PORT: String(pgbouncer.port) };
});

afterEach(async () => {
  await sandbox.destroy();
});

// it refuses settings at the start of a session, and its sessions share prepared statements
describe('through pgbouncer in transaction mode', () => {
  it('migrations are applied and taken back, by many at once', async () => {
    const create = sandbox.start('consumer', ['migrate']);
    await create.succeeds();
    for (const args of [['migrate', 'down'], ['migrate'], ['migrate']]) {
      const runs = [0, 1, 2].map(() => sandbox.start('consumer', args, throughIt));
      for (const run of runs) await run.succeeds();
    }
    expect(await sandbox.countContacts()).toBe(0);
  });

  it('rows are copied and inserted, and duplicates and bad ones told', async () => {
    await sandbox.migrate();
    await sandbox.declareQueue();
    const consumers = [1, 2].map(() => sandbox.start('consumer', ['--parallel', '4'], throughIt));
    for (let times = 0; times < 2; times += 1) {
      const producer = sandbox.start('producer', ['--file', join(DATA, 'data_1000.csv')]);
      await producer.succeeds();
      await sandbox.send('{"name":"N\\u0000ul","email":"nul@example.com"}');
    }
    await until('the rows are there', async () => (await sandbox.countContacts()) === 1_000);
    await until('the queue is empty', async () => (await sandbox.ready()) === 0);
    const totals = { inserted: 0, duplicates: 0, dead: 0 };
    for (const consumer of consumers) {
      consumer.kill('SIGTERM');
      await consumer.succeeds();
      const counts = await consumer.logged(/^stopped/);
      totals.inserted += Number(counts['inserted']);
      totals.duplicates += Number(counts['duplicates']);
      totals.dead += Number(counts['dead']);
      const warnings = consumer.log.filter(({ level }) => level === 'warn');
      expect(warnings.every(({ msg }) => /^message moved/.test(String(msg)))).toBe(true);
    }
    expect(totals).toEqual({ inserted: 1_000, duplicates: 1_000, dead: 2 });
    const states = (await accountsOf(sandbox)).map(({ read, state }) => [read, state]);
    expect(states).toEqual([1, 2].map(() => [1_000, 'complete']));
  });

  it('the time limit of a statement holds', async () => {
    await sandbox.migrate();
    await sandbox.pool.query(`
      CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN PERFORM pg_sleep(0.02); RETURN NEW; END';
      CREATE TRIGGER slow BEFORE INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION slow()`);
    const rows = Array.from({ length: 100 }, (_, n) => ({ name: 'N', email: `${n}@example.com` }));
    await sandbox.send(JSON.stringify(rows));
    const consumer = sandbox.start('consumer', ['--statement-timeout', '1s'], throughIt);
    await consumer.logged(/^100 rows at once did not finish in 1 s/);
    await until('the rows are there', async () => (await sandbox.countContacts()) === 100);
    await accountsOf(sandbox);
  });
});
