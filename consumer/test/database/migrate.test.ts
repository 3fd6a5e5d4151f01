import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databaseUrl, Sandbox } from '../../../test/sandbox.ts';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await Sandbox.create();
});

afterEach(async () => {
  await sandbox.destroy();
});

async function consumer(...args: string[]) {
  const run = sandbox.start('consumer', args);
  return { status: await run.exit, output: run.output };
}

async function databaseExists(): Promise<boolean> {
  const client = new pg.Client({ connectionString: databaseUrl().href });
  await client.connect();
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [
    sandbox.databaseName,
  ]);
  await client.end();
  return rowCount === 1;
}

async function tableExists(): Promise<boolean> {
  const { rows } = await sandbox.pool.query<{ table: string | null }>(
    "SELECT to_regclass('contacts')::text AS table",
  );
  return rows[0]?.table === 'contacts';
}

describe('consumer migrate', () => {
  it('creates the database and the table, and says so', async () => {
    expect(await databaseExists()).toBe(false);
    const { status, output } = await consumer('migrate');
    expect(status).toBe(0);
    expect(output).toMatch(/database \\"csv2db_test_\w+\\" is created/);
    expect(output).toMatch(/migrations applied: 0001_create-contacts/);
    const { rows } = await sandbox.pool.query(
      `SELECT column_name, data_type FROM information_schema.columns
       WHERE table_name = 'contacts' ORDER BY ordinal_position`,
    );
    expect(rows).toEqual([
      { column_name: 'name', data_type: 'text' },
      { column_name: 'email', data_type: 'text' },
    ]);
  });

  it('makes emails unique, to the letter', async () => {
    await consumer('migrate');
    const insert = (email: string) =>
      sandbox.pool.query('INSERT INTO contacts VALUES ($1, $2)', ['Ada', email]);
    await insert('ada@example.com');
    await insert('ADA@example.com');
    await expect(insert('ada@example.com')).rejects.toMatchObject({ code: '23505' });
  });

  it('finds nothing to do the second time, and keeps the rows', async () => {
    await consumer('migrate');
    await sandbox.pool.query("INSERT INTO contacts VALUES ('Ada', 'ada@example.com')");
    const { status, output } = await consumer('migrate');
    expect(status).toBe(0);
    expect(output).toMatch(/no migration to run/);
    expect(await sandbox.countContacts()).toBe(1);
  });

  it('may be run many at once', async () => {
    const runs = await Promise.all(Array.from({ length: 4 }, () => consumer('migrate')));
    expect(runs.map(({ status }) => status)).toEqual([0, 0, 0, 0]);
    expect(runs.filter(({ output }) => output.includes('is created'))).toHaveLength(1);
    expect(runs.filter(({ output }) => output.includes('migrations applied'))).toHaveLength(1);
    expect(await tableExists()).toBe(true);
  });
});

describe('consumer migrate down', () => {
  it('takes the last migration back, which may then be applied again', async () => {
    await consumer('migrate');
    for (const last of ['0002_create-ledger', '0001_create-contacts']) {
      expect(await tableExists()).toBe(true);
      const { status, output } = await consumer('migrate', 'down');
      expect(status).toBe(0);
      expect(output).toMatch(`migrations taken back: ${last}`);
    }
    expect(await tableExists()).toBe(false);
    expect((await consumer('migrate')).status).toBe(0);
    expect(await tableExists()).toBe(true);
  });

  it('has nothing to do where nothing was applied', async () => {
    await consumer('migrate');
    for (let more = 2; more > 0; more -= 1) await consumer('migrate', 'down');
    const { status, output } = await consumer('migrate', 'down');
    expect(status).toBe(0);
    expect(output).toMatch(/no migration to run/);
  });

  it('does not create a database to take something back from', async () => {
    const { status, output } = await consumer('migrate', 'down');
    expect(status).toBe(1);
    expect(output).toMatch(/^error: PostgreSQL at .* has no database "csv2db_test_\w+"/);
    expect(await databaseExists()).toBe(false);
  });
});

describe('consumer drop-db', () => {
  it('drops the database, even while somebody is connected', async () => {
    await consumer('migrate');
    expect(await tableExists()).toBe(true);
    const { status, output } = await consumer('drop-db');
    expect(status).toBe(0);
    expect(output).toMatch(/database \\"csv2db_test_\w+\\" is dropped/);
    expect(await databaseExists()).toBe(false);
  });

  it('is done where there is no database, and when two run at once', async () => {
    expect((await consumer('drop-db')).status).toBe(0);
    await consumer('migrate');
    const runs = await Promise.all([consumer('drop-db'), consumer('drop-db')]);
    expect(runs.map(({ status }) => status)).toEqual([0, 0]);
    expect(await databaseExists()).toBe(false);
  });
});
