import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from './sandbox.ts';
import { OwnPostgres } from './servers.ts';
import { createTemplate, type Template } from './template.ts';

let postgres: OwnPostgres;
let template: Template;
let sandbox: Sandbox;
let role: string;

beforeAll(async () => {
  postgres = await OwnPostgres.start();
  template = await createTemplate(postgres.url);
});

afterAll(async () => {
  await postgres.remove();
});

beforeEach(async () => {
  role = `role_${randomBytes(4).toString('hex')}`;
  sandbox = await Sandbox.migrated(template);
  await sandbox.pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'hunter2'`);
  await sandbox.pool.query(`GRANT INSERT, SELECT ON contacts TO ${role}`);
});

afterEach(async () => {
  await sandbox.destroy();
});

function start(...args: string[]) {
  return sandbox.start('consumer', args, {
    FC_CONSUMER_DB_USER: role,
    FC_CONSUMER_DB_PASS: 'hunter2',
  });
}

/** Puts a line before all others of pg_hba.conf, for a test. */
async function withHba(line: string, work: () => Promise<void>): Promise<void> {
  const { rows } = await sandbox.pool.query<{ hba_file: string }>('SHOW hba_file');
  const file = rows[0]?.hba_file ?? '';
  const before = await readFile(file, 'utf8');
  await writeFile(file, `${line}\n${before}`);
  await sandbox.pool.query('SELECT pg_reload_conf()');
  try {
    await work();
  } finally {
    await writeFile(file, before);
    await sandbox.pool.query('SELECT pg_reload_conf()');
  }
}

async function fails(message: RegExp, ...args: string[]): Promise<void> {
  const consumer = start(...args);
  expect(await consumer.exit, consumer.output).toBe(1);
  expect(consumer.stderr).toMatch(message);
  expect(consumer.stderr).toMatch(/^error: [^\n]+\n$/);
  expect(consumer.output).not.toContain('hunter2');
}

/** A client of the maintenance database, which outlives what is done to the sandbox's. */
async function asAdmin(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgres.url.href });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

// each was taken for a wrong password, or for a server that can't be reached
describe('status 1, the first cause in the words of PostgreSQL and what mends it, for', () => {
  it('a role that may not log in', async () => {
    await sandbox.pool.query(`ALTER ROLE ${role} NOLOGIN`);
    await fails(/ALTER ROLE "role_\w+" LOGIN \(role "role_\w+" is not permitted to log in\)\n$/);
  });

  it('a password that has expired', async () => {
    await sandbox.pool.query(`ALTER ROLE ${role} VALID UNTIL '2020-01-01'`);
    await fails(/whether the password has expired \(password authentication failed for user /);
  });

  it('a password that is empty', async () => {
    await fails(
      /asks for a password of "role_\w+": check --db-user and --db-pass \(SASL: /,
      '--db-pass',
      '',
    );
  });

  it('a host that pg_hba.conf rejects', async () => {
    await withHba(`host all ${role} 127.0.0.1/32 reject`, async () => {
      await fails(/with a line of its pg_hba\.conf \(pg_hba\.conf rejects connection /);
    });
  });

  it('a server that takes connections with TLS alone', async () => {
    await withHba(`hostnossl all ${role} all reject`, async () => {
      await fails(
        /if it takes only TLS, add --db-sslmode verify-full .*\(pg_hba\.conf .*no encryption\)/,
      );
    });
  });

  it('a database that the role may not connect to', async () => {
    await sandbox.pool.query(`REVOKE CONNECT ON DATABASE ${sandbox.databaseName} FROM PUBLIC`);
    await fails(
      /GRANT CONNECT ON DATABASE "csv2db_test_\w+" TO "role_\w+" \(permission denied for /,
    );
  });

  it('a database that accepts no connections', async () => {
    await asAdmin(`ALTER DATABASE ${sandbox.databaseName} ALLOW_CONNECTIONS false`);
    await fails(
      /ALTER DATABASE "csv2db_test_\w+" ALLOW_CONNECTIONS true \(database .* not currently/,
    );
  });

  it('a role that may not create the database', async () => {
    await fails(
      /ALTER ROLE "role_\w+" CREATEDB \(permission denied .*/,
      'migrate',
      '--db-name',
      'new',
    );
  });

  it('a role that may create tables nowhere', async () => {
    await sandbox.pool.query('DROP TABLE contacts, pgmigrations');
    await sandbox.pool.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
    await fails(/the schema public: GRANT CREATE ON SCHEMA public TO "role_\w+"\n$/, 'migrate');
  });

  it('a folder for temporary files that is not there', async () => {
    await sandbox.pool.query('DROP TABLE contacts, pgmigrations');
    const run = sandbox.start('consumer', ['migrate'], { TMPDIR: '/nowhere' });
    expect(await run.exit).toBe(1);
    expect(run.stderr).toMatch(/^error: [^\n]*\/nowhere[^\n]*: set TMPDIR to a folder [^\n]*\n$/);
  });
});

it('a limit of connections is waited for', async () => {
  await sandbox.pool.query(`ALTER ROLE ${role} CONNECTION LIMIT 0`);
  const consumer = start();
  await consumer.logged(
    /has no connection left: .*--parallel \(too many connections for role .*; storing pauses until it works/,
  );
  await sandbox.pool.query(`ALTER ROLE ${role} CONNECTION LIMIT 10`);
  await consumer.logged(/^consuming/);
});

describe('a role with a schema of its own, and no right on public,', () => {
  beforeEach(async () => {
    await sandbox.pool.query('DROP TABLE contacts, pgmigrations');
    await sandbox.pool.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
  });

  it('has its table there, and stores into it', async () => {
    await sandbox.pool.query(`CREATE SCHEMA AUTHORIZATION ${role}`);
    for (const args of [['migrate'], ['migrate'], ['migrate', 'down'], ['migrate']]) {
      const run = start(...args);
      await run.succeeds();
    }
    await sandbox.send('{"name":"Ada","email":"ada@example.com"}');
    const consumer = start();
    await consumer.logged(/^consuming/);
    consumer.kill('SIGTERM');
    await consumer.succeeds();
    const { rows } = await sandbox.pool.query(`SELECT email FROM ${role}.contacts`);
    expect(rows).toEqual([{ email: 'ada@example.com' }]);
  });

  it('is told how to make that the one it looks into', async () => {
    await sandbox.pool.query(`CREATE SCHEMA app AUTHORIZATION ${role}`);
    await fails(/ALTER ROLE "role_\w+" IN DATABASE "\w+" SET search_path = app\n$/, 'migrate');
  });
});
