import { beforeEach, describe, expect, it } from 'vitest';
import { finish } from './finish.ts';
import { databaseUrl, Sandbox } from './sandbox.ts';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await Sandbox.migrated();
  return () => sandbox.destroy();
});

async function send(...emails: string[]): Promise<void> {
  for (const email of emails) await sandbox.send(JSON.stringify({ name: 'N', email }));
}

/** A role with no right but to connect; roles outlive the sandbox. */
async function createRole(role: string): Promise<Record<string, string>> {
  await sandbox.pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'hunter2'`);
  return { FC_CONSUMER_DB_USER: role, FC_CONSUMER_DB_PASS: 'hunter2' };
}

async function dropRole(role: string): Promise<void> {
  await sandbox.pool.query(`DROP OWNED BY ${role}`);
  await sandbox.pool.query(`DROP ROLE ${role}`);
}

// duplicates were stored silently, or the consumer waited for ever
describe('a table that can not hold each row once is status 1, and the SQL that mends it, for', () => {
  it.each<[string, string, RegExp]>([
    [
      'no unique index',
      'ALTER TABLE contacts DROP CONSTRAINT contacts_email_key',
      /no valid unique index on exactly contacts \(email\).*: ALTER TABLE contacts ADD UNIQUE \(email\)$/m,
    ],
    [
      'a unique index on lower(email) alone',
      `ALTER TABLE contacts DROP CONSTRAINT contacts_email_key;
       CREATE UNIQUE INDEX lw ON contacts (lower(email))`,
      /no valid unique index on exactly contacts \(email\).*: ALTER TABLE contacts ADD UNIQUE/,
    ],
    [
      'a partial unique index',
      `ALTER TABLE contacts DROP CONSTRAINT contacts_email_key;
       CREATE UNIQUE INDEX part ON contacts (email) WHERE name <> ''`,
      /no valid unique index on exactly contacts \(email\)/,
    ],
    [
      'a deferrable constraint',
      `ALTER TABLE contacts DROP CONSTRAINT contacts_email_key;
       ALTER TABLE contacts ADD UNIQUE (email) DEFERRABLE`,
      /no valid unique index on exactly contacts \(email\)/,
    ],
    [
      'a composite unique index',
      `ALTER TABLE contacts DROP CONSTRAINT contacts_email_key;
       ALTER TABLE contacts ADD UNIQUE (email, name)`,
      /no valid unique index on exactly contacts \(email\)/,
    ],
    [
      'an index that was not built to the end',
      `UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'contacts_email_key'::regclass`,
      /would store duplicates: REINDEX INDEX contacts_email_key$/m,
    ],
    [
      'a column of another name',
      'ALTER TABLE contacts RENAME email TO "Email"',
      /without a column "email": ALTER TABLE contacts RENAME COLUMN "Email" TO email$/m,
    ],
    [
      'a column that is not there',
      'ALTER TABLE contacts DROP name',
      /without a column "name": ALTER TABLE contacts ADD COLUMN name text$/m,
    ],
    [
      'a column that must not be null',
      'ALTER TABLE contacts ADD "Since" date NOT NULL',
      /a column Since .* no default: ALTER TABLE contacts ALTER COLUMN "Since" DROP NOT NULL$/m,
    ],
    [
      'a generated column',
      `ALTER TABLE contacts DROP name;
       ALTER TABLE contacts ADD name text GENERATED ALWAYS AS (email) STORED`,
      /generates the column "name" .*: ALTER TABLE contacts ALTER COLUMN name DROP EXPRESSION$/m,
    ],
    [
      'a rule',
      `CREATE TABLE other (name text, email text UNIQUE);
       CREATE RULE away AS ON INSERT TO contacts DO INSTEAD INSERT INTO other VALUES (NEW.*)`,
      /a rule away on contacts.*: DROP RULE away ON contacts$/m,
    ],
    [
      'a view with a trigger',
      `ALTER TABLE contacts RENAME TO contacts_t;
       CREATE VIEW contacts AS SELECT name, email FROM contacts_t;
       CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
       CREATE TRIGGER t INSTEAD OF INSERT ON contacts FOR EACH ROW EXECUTE FUNCTION f()`,
      /a trigger t on the view contacts.*: DROP TRIGGER t ON contacts$/m,
    ],
    [
      'a view of a table without a unique index',
      `ALTER TABLE contacts RENAME TO contacts_t;
       ALTER TABLE contacts_t DROP CONSTRAINT contacts_email_key;
       CREATE VIEW contacts AS SELECT name, email FROM contacts_t`,
      /no unique or exclusion constraint matching the ON CONFLICT/,
    ],
    [
      'a materialized view',
      `DROP TABLE contacts; CREATE MATERIALIZED VIEW contacts AS SELECT ''::text AS name, ''::text AS email`,
      /a contacts that is no table: ALTER /,
    ],
    [
      'a table in a schema that is not looked into',
      'CREATE SCHEMA app; ALTER TABLE contacts SET SCHEMA app',
      /but one in the schema app: ALTER ROLE "\w+" IN DATABASE "\w+" SET search_path = app$/m,
    ],
  ])('%s', async (_, sql, message) => {
    await sandbox.pool.query(sql);
    const consumer = sandbox.start('consumer');
    expect(await consumer.exit, consumer.output).toBe(1);
    expect(consumer.stderr).toMatch(message);
    expect(consumer.stderr).toMatch(/^error: PostgreSQL at [^\n]+\n$/);
  });

  it('a foreign table', async () => {
    const { hostname, port, username, password } = databaseUrl();
    await sandbox.pool.query(`
      ALTER TABLE contacts RENAME TO contacts_t;
      CREATE EXTENSION postgres_fdw;
      CREATE SERVER remote FOREIGN DATA WRAPPER postgres_fdw
        OPTIONS (host '${hostname}', port '${port}', dbname '${sandbox.databaseName}');
      CREATE USER MAPPING FOR CURRENT_USER SERVER remote
        OPTIONS (user '${username}', password '${password}');
      CREATE FOREIGN TABLE contacts (name text, email text)
        SERVER remote OPTIONS (table_name 'contacts_t')`);
    const consumer = sandbox.start('consumer');
    expect(await consumer.exit, consumer.output).toBe(1);
    expect(consumer.stderr).toMatch(/^error: .* has contacts as a foreign table[^\n]+\n$/);
  });

  it('a user without rights, and one whom row-level security keeps out', async () => {
    const role = `${sandbox.databaseName}_role`;
    const env = await createRole(role);
    try {
      const without = sandbox.start('consumer', [], env);
      expect(await without.exit, without.output).toBe(1);
      expect(without.stderr).toMatch(
        new RegExp(`does not let the user .* GRANT INSERT, SELECT ON contacts TO "${role}"\n$`),
      );
      await sandbox.pool.query(`GRANT INSERT, SELECT ON contacts TO ${role}`);
      await sandbox.pool.query('ALTER TABLE contacts ENABLE ROW LEVEL SECURITY');
      const kept = sandbox.start('consumer', [], env);
      expect(await kept.exit, kept.output).toBe(1);
      const [policy] = /CREATE POLICY .*$/m.exec(kept.stderr) ?? [];
      await sandbox.pool.query(policy ?? '');
      await send('a@example.com', 'a@example.com', 'b@example.com');
      const consumer = sandbox.start('consumer', ['--parallel', '1'], env);
      expect(await finish(sandbox, consumer)).toMatchObject({
        inserted: 2,
        duplicates: 1,
        dead: 0,
      });
    } finally {
      await dropRole(role);
    }
  });
});
