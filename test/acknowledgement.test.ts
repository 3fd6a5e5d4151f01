import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DATA } from './processes.ts';
import { Sandbox, until } from './sandbox.ts';
import { OwnPostgres } from './servers.ts';
import { createTemplate, type Template } from './template.ts';

const ROWS = 1_000;
/** One for each row, and behind them what is announced of their end. */
const MESSAGES = ROWS + 1;
/** The advisory lock that a commit waits for, after its rows are in. */
const HOLD = `
  CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NULL; END';
  CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON contacts
    INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION hold()`;

let postgres: OwnPostgres;
let template: Template;
let sandbox: Sandbox;
let holder: pg.Client;

beforeAll(async () => {
  postgres = await OwnPostgres.start();
  template = await createTemplate(postgres.url);
});

afterAll(async () => {
  await postgres.remove();
});

beforeEach(async () => {
  sandbox = await Sandbox.migrated(template);
  await sandbox.pool.query(HOLD);
  holder = new pg.Client({ connectionString: sandbox.databaseUrl.href });
  holder.on('error', () => {});
  await holder.connect();
  await holder.query('SELECT pg_advisory_lock(42)');
  const flags = ['--file', join(DATA, 'data_1000.csv'), '--parallel', '1'];
  await sandbox.start('producer', flags).succeeds();
  // what is announced of their begin would be a batch of its own
  await sandbox.channel.get('csv2db', { noAck: true });
});

afterEach(async () => {
  await holder.end();
  await sandbox.destroy();
});

/** Waits until a consumer has inserted its rows and is about to commit. */
async function inserted(): Promise<void> {
  await until('a commit waits for the lock', async () => {
    const { rowCount } = await sandbox.pool.query(
      "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
    );
    return rowCount === 1;
  });
}

async function storeTheRest() {
  const consumer = sandbox.start('consumer');
  await until('nothing is left in the queue', async () => (await sandbox.ready()) === 0);
  await until('every row is there', async () => (await sandbox.countContacts()) === ROWS);
  consumer.kill('SIGTERM');
  await consumer.succeeds();
  expect(await sandbox.ready()).toBe(0);
  return await consumer.logged(/^stopped/);
}

describe('a message is acknowledged only after its row is committed:', () => {
  it('a database that stops between insert and commit gets every row afterwards', async () => {
    const consumer = sandbox.start('consumer', ['--parallel', '1']);
    await inserted();
    await postgres.stop();
    await consumer.logged(/^PostgreSQL at .*; storing pauses until it works$/);
    consumer.kill('SIGTERM');
    await consumer.succeeds();
    await until('every message is back', async () => (await sandbox.ready()) === MESSAGES);

    await postgres.restart();
    expect(await sandbox.countContacts()).toBe(0);
    await sandbox.pool.query('DROP TRIGGER hold ON contacts');
    expect(await storeTheRest()).toMatchObject({ inserted: ROWS, duplicates: 0 });
  });

  it('a consumer that is killed between commit and acknowledgement leaves duplicates, not gaps', async () => {
    const consumer = sandbox.start('consumer', ['--parallel', '1']);
    await inserted();
    consumer.kill('SIGSTOP');
    await holder.query('SELECT pg_advisory_unlock(42)');
    await until('the batch is committed', async () => (await sandbox.countContacts()) > 0);
    const committed = await sandbox.countContacts();
    consumer.kill('SIGKILL');
    await consumer.exit;
    await until('every message is back', async () => (await sandbox.ready()) === MESSAGES);
    expect(await storeTheRest()).toMatchObject({
      inserted: ROWS - committed,
      duplicates: committed,
    });
  });

  it('a consumer that is stopped finishes and acknowledges what it has', async () => {
    const consumer = sandbox.start('consumer', ['--parallel', '1']);
    await inserted();
    consumer.kill('SIGTERM');
    await holder.query('SELECT pg_advisory_unlock(42)');
    await consumer.succeeds();
    const committed = await sandbox.countContacts();
    expect(committed).toBeGreaterThan(0);
    expect(await sandbox.ready()).toBe(MESSAGES - committed);
  });
});
