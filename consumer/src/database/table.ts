import pg from 'pg';
import type { DatabaseConfig } from './connect.ts';
import { SetUpError } from './problem.ts';

/** How rows get into the table, and how they are counted there. */
export interface Table {
  /** Whether COPY may be used: not for a view, nor under row-level security. */
  takesCopy: boolean;
  /** Inserts the rows that are new; its parameters are an array of names and one of emails. */
  insert: string;
  /**
   * Counts the emails of an array that are not in the table, where a trigger may leave rows out;
   * undefined where a row that is not inserted can only be a duplicate.
   */
  countAbsent: string | undefined;
  /** What to tell a person about a table that works. */
  warning: string | undefined;
}

/**
 * Looks whether rows can be stored in the table, each once. The catalogue tells what is wrong in words
 * of use; in the end PostgreSQL plans the very statement, without a row.
 *
 * @throws SetUpError with what is wrong, and the SQL that mends it; the error of pg when the planner finds
 * more than that.
 */
export async function checkTable(client: pg.ClientBase, config: DatabaseConfig): Promise<Table> {
  const { rows } = await client.query<Facts>(FACTS);
  const [facts] = rows;
  const problem = facts ? problemWith(facts, config) : await whyMissing(client, config);
  if (problem !== undefined || !facts) {
    const where = `PostgreSQL at ${config.host}:${config.port}`;
    throw new SetUpError(`${where} ${problem}`);
  }
  const insert = `INSERT INTO contacts (name, email)
    SELECT name::${facts.nameType}, email::${facts.emailType}
    FROM unnest($1::text[], $2::text[]) AS sent (name, email)
    ON CONFLICT (email) DO NOTHING`;
  await client.query(`EXPLAIN ${insert}`, [[], []]);
  const countAbsent = `SELECT count(*)::int AS absent FROM unnest($1::text[]) AS sent (email)
    WHERE NOT EXISTS (SELECT FROM contacts WHERE contacts.email = sent.email::${facts.emailType})`;
  return {
    takesCopy: facts.kind !== 'v' && !facts.hasRowSecurity,
    insert,
    countAbsent: facts.kind === 'v' || facts.hasTrigger ? countAbsent : undefined,
    warning: facts.isUnlogged
      ? 'the table contacts is unlogged, a crash of PostgreSQL empties it: ALTER TABLE contacts SET LOGGED;'
      : undefined,
  };
}

/** What the catalogue says about the table. */
interface Facts {
  /** https://www.postgresql.org/docs/current/catalog-pg-class.html, `relkind` */
  kind: string;
  isUnlogged: boolean;
  /** Whether row-level security holds for this user, and whether a policy of it lets them insert. */
  hasRowSecurity: boolean;
  hasPolicy: boolean;
  columns: string[];
  insertable: string[];
  selectable: string[];
  generated: string[];
  /** Columns that must be given a value. */
  required: string[];
  /** Names of the types, fit for a cast. */
  nameType: string | null;
  emailType: string | null;
  /** Unique indexes on exactly the email: those of use, and those that were not built to the end. */
  unique: string[];
  invalid: string[];
  /** Rules, as identifiers, that ON CONFLICT does not go with. */
  rules: string[];
  /** Whether a trigger may leave rows out or fill them in, also of a partition. */
  hasTrigger: boolean;
  /** Triggers, as identifiers, that a view's rows go through. */
  insteadOf: string[];
}

/** Columns with a property, as an array of their names. */
const columnsWith = (property: string): string => `ARRAY(SELECT attname::text FROM pg_attribute
    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND ${property} ORDER BY attnum)`;

const typeOf = (column: string): string => `(SELECT format('%I.%I', nspname, typname)
    FROM pg_attribute JOIN pg_type t ON t.oid = atttypid JOIN pg_namespace n ON n.oid = typnamespace
    WHERE attrelid = c.oid AND attname = '${column}' AND NOT attisdropped)`;

/** Unique indexes that ON CONFLICT (email) can use, but for one that is not valid. */
const uniqueWhere = (property: string): string => `ARRAY(SELECT indexrelid::regclass::text
    FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
    WHERE indrelid = c.oid AND attname = 'email' AND indisunique AND indimmediate AND indnkeyatts = 1
      AND indpred IS NULL AND ${property})`;

const triggersWhere = (property: string): string => `ARRAY(SELECT format('%I', tgname)
    FROM pg_trigger WHERE (tgrelid = c.oid OR tgrelid IN (SELECT relid FROM pg_partition_tree(c.oid)))
      AND NOT tgisinternal AND tgenabled <> 'D' AND ${property})`;

/** Bits of `tgtype`: 1 for each row, 2 before, 4 insert, 64 instead of. */
const FACTS = `
  SELECT relkind AS kind,
    relpersistence = 'u' AS "isUnlogged",
    row_security_active(c.oid) AS "hasRowSecurity",
    EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid AND polcmd IN ('a', '*') AND polpermissive
      AND (0 = ANY (polroles) OR EXISTS (SELECT FROM unnest(polroles) AS role
        WHERE pg_has_role(role, 'USAGE')))) AS "hasPolicy",
    ${columnsWith('true')} AS columns,
    ${columnsWith(`has_column_privilege(c.oid, attnum, 'INSERT')`)} AS insertable,
    ${columnsWith(`has_column_privilege(c.oid, attnum, 'SELECT')`)} AS selectable,
    ${columnsWith(`attgenerated <> ''`)} AS generated,
    ${columnsWith(`attnotnull AND NOT atthasdef AND attidentity = ''`)} AS required,
    ${typeOf('name')} AS "nameType",
    ${typeOf('email')} AS "emailType",
    ${uniqueWhere('indisvalid')} AS unique,
    ${uniqueWhere('NOT indisvalid')} AS invalid,
    ARRAY(SELECT format('%I', rulename) FROM pg_rewrite
      WHERE ev_class = c.oid AND ev_type IN ('2', '3') AND ev_enabled <> 'D') AS rules,
    ${triggersWhere('tgtype & 7 = 7')} <> '{}' AS "hasTrigger",
    ${triggersWhere('tgtype & 68 = 68')} AS "insteadOf"
  FROM pg_class c WHERE c.oid = to_regclass('contacts')`;

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
    return `has a table contacts without a column "${column}": ALTER ${isView ? 'VIEW' : 'TABLE'} contacts ${remedy};`;
  }
  const generated = facts.generated.find((name) => COLUMNS.includes(name));
  if (generated !== undefined) {
    return `generates the column "${generated}" of contacts, which nothing can be stored in then: ALTER TABLE contacts ALTER COLUMN ${generated} DROP EXPRESSION;`;
  }
  if (!COLUMNS.every((name) => insertable.includes(name)) || !selectable.includes('email')) {
    return `does not let the user "${config.user}" insert into contacts and find duplicates there: GRANT INSERT, SELECT ON contacts TO ${user};`;
  }
  if (rule !== undefined && !isView) {
    return `has a rule ${rule} on contacts, and finds no duplicates where rules are: DROP RULE ${rule} ON contacts;`;
  }
  if (trigger !== undefined) {
    return `has a trigger ${trigger} on the view contacts, and finds no duplicates behind it: DROP TRIGGER ${trigger} ON contacts;`;
  }
  const required = facts.required.find((name) => !COLUMNS.includes(name));
  if (required !== undefined && !facts.hasTrigger && !isView) {
    return `has a column ${required} in contacts that must not be null and has no default: ALTER TABLE contacts ALTER COLUMN ${pg.escapeIdentifier(required)} DROP NOT NULL;`;
  }
  if (facts.unique.length === 0 && !isView) {
    const remedy = invalid[0] === undefined ? addUnique : `REINDEX INDEX ${invalid[0]};`;
    return `has no valid unique index on exactly contacts (email), and would store duplicates: ${remedy}`;
  }
  if (facts.hasRowSecurity && !facts.hasPolicy) {
    return `has row-level security on contacts, and no policy that lets the user "${config.user}" insert: CREATE POLICY csv2db ON contacts TO ${user} USING (true) WITH CHECK (true);`;
  }
  return undefined;
}

const addUnique = 'ALTER TABLE contacts ADD UNIQUE (email);';

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
    ? `ALTER ROLE ${user} IN DATABASE ${pg.escapeIdentifier(config.name)} SET search_path = ${schema};`
    : `GRANT USAGE ON SCHEMA ${schema} TO ${user};`;
  return `${missing} where the user "${config.user}" looks, but one in the schema ${schema}: ${remedy}`;
}
