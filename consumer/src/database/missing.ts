import pg from 'pg';
import type { DatabaseConfig } from './address.ts';
import { migrateCommand } from './again.ts';
import { CONTACTS } from './contacts.ts';

interface Found {
  schema: string;
  name: string;
  /** Whether it is found by its name, in a schema that is not looked into. */
  isExact: boolean;
  mayUse: boolean;
}

/** The table may be there, and yet not be found by its name alone, or have another case. */
const ELSEWHERE = `
  WITH wanted AS (SELECT parse_ident($1) AS parts)
  SELECT quote_ident(nspname) AS schema, quote_ident(relname) AS name,
    relname = parts[cardinality(parts)] AS "isExact",
    has_schema_privilege(n.oid, 'USAGE') AS "mayUse"
  FROM wanted, pg_class JOIN pg_namespace n ON n.oid = relnamespace
  WHERE lower(relname) = lower(parts[cardinality(parts)]) AND relkind IN ('r', 'p', 'v')
    AND relpersistence <> 't' ORDER BY 3 DESC LIMIT 1`;

/** Why a table is not found, and what mends that. */
export async function whyMissing(client: pg.ClientBase, config: DatabaseConfig): Promise<string> {
  const isContacts = config.table === undefined;
  const { rows } = await client.query<Found>(ELSEWHERE, [config.table ?? CONTACTS]);
  const [elsewhere] = rows;
  const missing = `has no table ${config.table ?? CONTACTS} in "${config.name}"`;
  if (!elsewhere || (isContacts && !elsewhere.isExact)) {
    return (config.table ?? CONTACTS) === CONTACTS
      ? `${missing}: create it with ${migrateCommand(config)}`
      : `${missing}: create it, or name another one with --table`;
  }
  const { schema, name, isExact, mayUse } = elsewhere;
  const user = pg.escapeIdentifier(config.user);
  const remedy = !mayUse
    ? `GRANT USAGE ON SCHEMA ${schema} TO ${user}`
    : isContacts
      ? `ALTER ROLE ${user} IN DATABASE ${pg.escapeIdentifier(config.name)} SET search_path = ${schema}`
      : `--table '${schema}.${name}'`;
  return isExact
    ? `${missing} where the user "${config.user}" looks, but one in the schema ${schema}: ${remedy}`
    : `${missing}, but one that is written ${name}: ${remedy}`;
}
