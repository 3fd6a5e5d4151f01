import pg from 'pg';
import type { DatabaseConfig } from './address.ts';
import { migrateCommand } from './again.ts';
import { contactsProblem } from './contacts.ts';
import type { Facts } from './facts.ts';

/** The first thing that keeps rows from being stored in a table, and what mends it. */
export function problemWith(facts: Facts, config: DatabaseConfig): string | undefined {
  const isContacts = config.table === undefined;
  return (
    kindProblem(facts, config) ??
    rightsProblem(facts, config) ??
    rewriteProblem(facts) ??
    (isContacts ? contactsProblem(facts) : deferrableProblem(facts))
  );
}

/** What a right of this user lacks on a table. */
export function grant({ name }: Facts, { user }: DatabaseConfig): string {
  return `does not let the user "${user}" insert into ${name} and find duplicates there: GRANT INSERT, SELECT ON ${name} TO ${pg.escapeIdentifier(user)}`;
}

/** What may lose or double rows in a table that works. */
export function warningsOf(facts: Facts, config: DatabaseConfig): string[] {
  const { name } = facts;
  const warnings: string[] = [];
  if (facts.isUnlogged) {
    warnings.push(
      `the table ${name} is unlogged, a crash of PostgreSQL empties it: ALTER TABLE ${name} SET LOGGED`,
    );
  } else if (facts.isAsync) {
    const user = pg.escapeIdentifier(config.user);
    warnings.push(
      `synchronous_commit is off, a crash of PostgreSQL loses rows that are acknowledged: ALTER ROLE ${user} SET synchronous_commit = on`,
    );
  }
  const doubling = doublingOf(facts);
  return doubling === undefined ? warnings : [...warnings, doubling];
}

/** Why a row that is delivered twice may be stored twice. */
function doublingOf({ name, kind, columns, indexes }: Facts): string | undefined {
  const valid = indexes.filter(({ isValid }) => isValid);
  const made = columns.filter(({ hasDefault }) => hasDefault).map((column) => column.name);
  const isAboutRows = valid.some(
    (index) => !index.isPlain || index.columns.some((column) => !made.includes(column)),
  );
  if (kind === 'v' || isAboutRows) return undefined;
  const [only] = valid;
  const [invalid] = indexes;
  const found = only ? `none but on (${only.columns.join(', ')}), which has a default` : 'none';
  const remedy =
    !only && invalid
      ? `REINDEX INDEX ${invalid.name}`
      : `ALTER TABLE ${name} ADD UNIQUE (…), with the columns that make a row the one that it is`;
  return `the table ${name} has no unique constraint that tells duplicates (${found}): a row that is delivered again, as after a crash, is stored again: ${remedy}`;
}

function kindProblem({ name, kind }: Facts, config: DatabaseConfig): string | undefined {
  if (kind === 'f') {
    return `has ${name} as a foreign table, where duplicates can't be told: store into the server that has the table (--db-host, --db-name)`;
  }
  if (kind === 'r' || kind === 'p' || kind === 'v') return undefined;
  const remedy =
    config.table === undefined
      ? `ALTER TABLE contacts RENAME TO contacts_before; and ${migrateCommand(config)}`
      : 'name one with --table';
  return `has a ${name} that is no table: ${remedy}`;
}

function rightsProblem(facts: Facts, config: DatabaseConfig): string | undefined {
  const { name, columns, indexes, hasRowSecurity, hasPolicy } = facts;
  const isContacts = config.table === undefined;
  const needed = isContacts
    ? columns.filter((column) => column.name === 'name' || column.name === 'email')
    : columns;
  const isInsertable = isContacts
    ? needed.every((column) => column.isInsertable)
    : needed.some((column) => column.isInsertable);
  const isSelectable = isContacts
    ? needed.every((column) => column.isSelectable || column.name !== 'email')
    : indexes.length === 0 || needed.some((column) => column.isSelectable);
  if (needed.length > 0 && !(isInsertable && isSelectable)) return grant(facts, config);
  if (!hasRowSecurity || hasPolicy) return undefined;
  const { user } = config;
  return `has row-level security on ${name}, and no policy that lets the user "${user}" insert: CREATE POLICY csv2db ON ${name} TO ${pg.escapeIdentifier(user)} USING (true) WITH CHECK (true)`;
}

/** Rules and triggers that put something else in the place of an INSERT. */
function rewriteProblem({ name, kind, rules, insteadOf }: Facts): string | undefined {
  const [rule] = rules;
  const [trigger] = insteadOf;
  if (rule !== undefined && kind !== 'v') {
    return `has a rule ${rule} on ${name}, and finds no duplicates where rules are: DROP RULE ${rule} ON ${name}`;
  }
  if (trigger !== undefined) {
    return `has a trigger ${trigger} on the view ${name}, and finds no duplicates behind it: DROP TRIGGER ${trigger} ON ${name}`;
  }
  return undefined;
}

/** ON CONFLICT does not take a constraint that is checked later. */
function deferrableProblem({ indexes }: Facts): string | undefined {
  const deferrable = indexes.find(({ isImmediate }) => !isImmediate);
  if (!deferrable) return undefined;
  const { constraint, table, isPlain, isPrimary } = deferrable;
  const columns = deferrable.columns.map((column) => pg.escapeIdentifier(column)).join(', ');
  const remedy = isPlain
    ? `, ADD ${isPrimary ? 'PRIMARY KEY' : 'UNIQUE'} (${columns})`
    : '; and make it again without DEFERRABLE';
  return `has a deferrable constraint ${constraint} on ${table}, and finds no duplicates where one is: ALTER TABLE ${table} DROP CONSTRAINT ${constraint}${remedy}`;
}
