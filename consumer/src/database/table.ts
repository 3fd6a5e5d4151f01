import pg from 'pg';
import type { DatabaseConfig } from './address.ts';
import { FACTS, type Facts, UNIQUE_INDEXES } from './facts.ts';
import { runWithin } from './limits.ts';
import { SetUpError } from './problem.ts';

/** How rows get into the table, and how they are counted there. */
export interface Table {
  /**
   * Copies rows, all or none; undefined where that can't be done: into a view, and under row-level
   * security. It fails where the unique index is gone, which INSERT minds by itself.
   */
  copy: string | undefined;
  /** Inserts the rows that are new; its parameters are an array of names and one of emails. */
  insert: string;
  /**
   * The same, of lines in one text, `name,email` without quotes; undefined where `countAbsent` has to
   * tell what became of the rows.
   */
  insertLines: string | undefined;
  /**
   * Counts the emails of an array that are not in the table, where a trigger may leave rows out;
   * undefined where a row that is not inserted can only be a duplicate.
   */
  countAbsent: string | undefined;
  /** What to tell a person about a table that works. */
  warning: string | undefined;
}

/**
 * Looks whether rows can be stored in the table, each once. The catalogue tells what is wrong in
 * words of use; in the end PostgreSQL plans the very statement, without a row.
 *
 * @throws SetUpError with what is wrong, and the SQL that mends it; the error of pg when the
 * planner finds more than that.
 */
export async function checkTable(client: pg.ClientBase, config: DatabaseConfig): Promise<Table> {
  const { statementTimeout } = config;
  const { rows } = await runWithin<Facts>(client, statementTimeout, FACTS);
  const [facts] = rows;
  const problem = facts ? problemWith(facts, config) : await whyMissing(client, config);
  if (problem !== undefined || !facts) {
    const where = `PostgreSQL at ${config.host}:${config.port}`;
    throw new SetUpError(`${where} ${problem}`);
  }
  const insert = `INSERT INTO contacts (name, email)
    SELECT name::${facts.nameCast}, email::${facts.emailCast}
    FROM unnest($1::text[], $2::text[]) AS sent (name, email)
    ON CONFLICT (email) DO NOTHING`;
  await runWithin(client, statementTimeout, `EXPLAIN ${insert}`, [[], []]);
  const insertLines = `INSERT INTO contacts (name, email)
    SELECT split_part(line, ',', 1)::${facts.nameCast}, split_part(line, ',', 2)::${facts.emailCast}
    FROM unnest(string_to_array($1::text, E'\\n')) AS line
    ON CONFLICT (email) DO NOTHING`;
  const countAbsent = `SELECT count(*)::int AS absent FROM unnest($1::text[]) AS sent (email)
    WHERE NOT EXISTS (SELECT FROM contacts WHERE contacts.email = sent.email::${facts.emailType})`;
  const mayLeaveOut = facts.kind === 'v' || facts.hasTrigger;
  return {
    copy: facts.kind !== 'v' && !facts.hasRowSecurity ? COPY : undefined,
    insert,
    insertLines: mayLeaveOut ? undefined : insertLines,
    countAbsent: mayLeaveOut ? countAbsent : undefined,
    warning: warningOf(facts, config),
  };
}

/**
 * A division by zero, without an index, ends the transaction. It is looked for behind the COPY, whose
 * lock keeps anybody from dropping it until the commit.
 */
const COPY = `COPY contacts (name, email) FROM STDIN (DELIMITER ',');
  SELECT 1 / count(*) FROM ${UNIQUE_INDEXES}
    AND indrelid = 'contacts'::regclass AND indisvalid`;

/** What may lose rows that have committed. */
function warningOf(facts: Facts, config: DatabaseConfig): string | undefined {
  if (facts.isUnlogged) {
    return 'the table contacts is unlogged, a crash of PostgreSQL empties it: ALTER TABLE contacts SET LOGGED';
  }
  if (!facts.isAsync) return undefined;
  const user = pg.escapeIdentifier(config.user);
  return `synchronous_commit is off, a crash of PostgreSQL loses rows that are acknowledged: ALTER ROLE ${user} SET synchronous_commit = on`;
}

const COLUMNS = ['name', 'email'];

/** The first thing that keeps rows from being stored once each, and what mends it. */
function problemWith(facts: Facts, config: DatabaseConfig): string | undefined {
  const user = pg.escapeIdentifier(config.user);
  const { kind, columns, insertable, selectable, invalid } = facts;
  const [rule] = facts.rules;
  const [trigger] = facts.insteadOf;
  const isView = kind === 'v';
  if (kind === 'f') {
    return `has contacts as a foreign table, where duplicates can't be told: store into the server that has the table (--db-host, --db-name)`;
  }
  if (!isView && kind !== 'r' && kind !== 'p') {
    return `has a contacts that is no table: ALTER TABLE contacts RENAME TO contacts_before; and "consumer migrate"`;
  }
  for (const column of COLUMNS.filter((name) => !columns.includes(name))) {
    const other = columns.find((name) => name.toLowerCase().trim() === column);
    const remedy =
      other === undefined
        ? `ADD COLUMN ${column} text`
        : `RENAME COLUMN ${pg.escapeIdentifier(other)} TO ${column}`;
    return `has a table contacts without a column "${column}": ALTER ${isView ? 'VIEW' : 'TABLE'} contacts ${remedy}`;
  }
  const generated = facts.generated.find((name) => COLUMNS.includes(name));
  if (generated !== undefined) {
    return `generates the column "${generated}" of contacts, which nothing can be stored in then: ALTER TABLE contacts ALTER COLUMN ${generated} DROP EXPRESSION`;
  }
  if (!COLUMNS.every((name) => insertable.includes(name)) || !selectable.includes('email')) {
    return `does not let the user "${config.user}" insert into contacts and find duplicates there: GRANT INSERT, SELECT ON contacts TO ${user}`;
  }
  if (rule !== undefined && !isView) {
    return `has a rule ${rule} on contacts, and finds no duplicates where rules are: DROP RULE ${rule} ON contacts`;
  }
  if (trigger !== undefined) {
    return `has a trigger ${trigger} on the view contacts, and finds no duplicates behind it: DROP TRIGGER ${trigger} ON contacts`;
  }
  const required = facts.required.find((name) => !COLUMNS.includes(name));
  if (required !== undefined && !facts.hasTrigger && !isView) {
    return `has a column ${required} in contacts that must not be null and has no default: ALTER TABLE contacts ALTER COLUMN ${pg.escapeIdentifier(required)} DROP NOT NULL`;
  }
  if (facts.unique.length === 0 && !isView) {
    const remedy = invalid[0] === undefined ? addUnique : `REINDEX INDEX ${invalid[0]}`;
    return `has no valid unique index on exactly contacts (email), and would store duplicates: ${remedy}`;
  }
  if (facts.hasRowSecurity && !facts.hasPolicy) {
    return `has row-level security on contacts, and no policy that lets the user "${config.user}" insert: CREATE POLICY csv2db ON contacts TO ${user} USING (true) WITH CHECK (true)`;
  }
  return undefined;
}

const addUnique = 'ALTER TABLE contacts ADD UNIQUE (email)';

/** The table may be there, and yet not be found by its name alone. */
async function whyMissing(client: pg.ClientBase, config: DatabaseConfig): Promise<string> {
  const { rows } = await client.query<{ schema: string; mayUse: boolean }>(
    `SELECT quote_ident(nspname) AS schema, has_schema_privilege(n.oid, 'USAGE') AS "mayUse"
     FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
     WHERE relname = 'contacts' AND relkind IN ('r', 'p', 'v') AND relpersistence <> 't' LIMIT 1`,
  );
  const [elsewhere] = rows;
  const missing = `has no table contacts in "${config.name}"`;
  if (!elsewhere) return `${missing}: create it with "consumer migrate"`;
  const { schema, mayUse } = elsewhere;
  const user = pg.escapeIdentifier(config.user);
  const remedy = mayUse
    ? `ALTER ROLE ${user} IN DATABASE ${pg.escapeIdentifier(config.name)} SET search_path = ${schema}`
    : `GRANT USAGE ON SCHEMA ${schema} TO ${user}`;
  return `${missing} where the user "${config.user}" looks, but one in the schema ${schema}: ${remedy}`;
}
