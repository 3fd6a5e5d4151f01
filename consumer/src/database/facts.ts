import { LEDGER } from '../ledger/ledger.ts';

/** What the catalogue says about a column. */
export interface Column {
  name: string;
  /** Its type, of a domain the one beneath, without its length: fit for a cast. */
  type: string;
  /** The same as it is declared. */
  declared: string;
  /** Whether that is text of some kind. */
  isText: boolean;
  /** Whether a cast from text reads it otherwise than COPY, as `interval hour` and `regclass`. */
  isCastOtherwise: boolean;
  isInsertable: boolean;
  isSelectable: boolean;
  /** Whether the database makes its value, and takes none: generated, or GENERATED ALWAYS AS IDENTITY. */
  isGenerated: boolean;
  isIdentityAlways: boolean;
  hasDefault: boolean;
  /** Whether it must be given a value. */
  isRequired: boolean;
}

/** What the catalogue says about a unique index, or an exclusion constraint, of the table or of a partition alone. */
export interface UniqueIndex {
  /** As an identifier, with the schema where that is needed to find it. */
  name: string;
  /** As an identifier, of the constraint that made it, if one did. */
  constraint: string;
  /** As an identifier, of the table or the partition that it is on. */
  table: string;
  isOfPartition: boolean;
  /** Its columns; expressions are left out. */
  columns: string[];
  /** Whether it is on columns alone, of every row, and compares them for equality. */
  isPlain: boolean;
  isPrimary: boolean;
  /** Whether it was built to the end. */
  isValid: boolean;
  /** Whether it is checked row by row, as ON CONFLICT needs it: DEFERRABLE ones are not. */
  isImmediate: boolean;
}

/** What the catalogue says about the table. */
export interface Facts {
  /** Its name as an identifier, with the schema where that is needed to find it. */
  name: string;
  /** https://www.postgresql.org/docs/current/catalog-pg-class.html, `relkind` */
  kind: string;
  isUnlogged: boolean;
  /** Whether a commit is answered before it is on disk. */
  isAsync: boolean;
  /**
   * Whether row-level security holds for this user, and whether a policy of it lets them insert.
   */
  hasRowSecurity: boolean;
  hasPolicy: boolean;
  columns: Column[];
  indexes: UniqueIndex[];
  /** Rules, as identifiers, that ON CONFLICT does not go with. */
  rules: string[];
  /** Whether a trigger may leave rows out or fill them in, also of a partition. */
  hasTrigger: boolean;
  /** Triggers, as identifiers, that a view's rows go through. */
  insteadOf: string[];
  /** Whether this user may run PL/pgSQL. */
  hasPlpgsql: boolean;
  /** Changes with whatever of it the statements depend on. */
  fingerprint: string;
}

/** The type beneath a domain, which may be one of a domain, with what it is declared with. */
const BENEATH = `(WITH RECURSIVE beneath AS (
      SELECT t.oid, atttypmod AS typmod, t.typtype, t.typbasetype, t.typtypmod
      UNION ALL
      SELECT b.oid, beneath.typtypmod, b.typtype, b.typbasetype, b.typtypmod
      FROM beneath JOIN pg_type b ON b.oid = beneath.typbasetype WHERE beneath.typtype = 'd')
    SELECT oid, typmod FROM beneath WHERE typtype <> 'd')`;

const COLUMNS = `(SELECT coalesce(json_agg(json_build_object(
      'name', attname,
      'type', format_type(base.oid, -1),
      'declared', format_type(atttypid, atttypmod),
      'isText', t.typcategory = 'S',
      'isCastOtherwise', format_type(base.oid, base.typmod) ~ '^interval [a-z]' OR EXISTS (SELECT FROM pg_cast
        WHERE castsource = 'text'::regtype AND casttarget = base.oid AND castmethod = 'f'),
      'isInsertable', has_column_privilege(c.oid, attnum, 'INSERT'),
      'isSelectable', has_column_privilege(c.oid, attnum, 'SELECT'),
      'isGenerated', attgenerated <> '' OR attidentity = 'a',
      'isIdentityAlways', attidentity = 'a',
      'hasDefault', atthasdef OR attidentity <> '' OR typdefault IS NOT NULL,
      'isRequired', attnotnull AND NOT atthasdef AND attidentity = '' AND typdefault IS NULL
    ) ORDER BY attnum), '[]')
    FROM pg_attribute JOIN pg_type t ON t.oid = atttypid CROSS JOIN LATERAL ${BENEATH} AS base
    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)`;

/**
 * The SQL of the OIDs of a table and all its partitions. `pg_partition_tree` would lock each of them
 * until the commit.
 */
const treeOf = (table: string): string => `(WITH RECURSIVE tree AS (
      SELECT ${table} AS oid
      UNION ALL SELECT inhrelid FROM tree JOIN pg_inherits ON inhparent = tree.oid
        JOIN pg_class part ON part.oid = inhrelid AND part.relispartition)
    SELECT oid FROM tree)`;

const INDEXES = `(SELECT coalesce(json_agg(json_build_object(
      'name', indexrelid::regclass::text,
      'constraint', (SELECT quote_ident(relname) FROM pg_class WHERE oid = indexrelid),
      'table', indrelid::regclass::text,
      'columns', ARRAY(SELECT attname FROM unnest(indkey::int2[]) WITH ORDINALITY AS key (number, place)
        JOIN pg_attribute ON attrelid = indrelid AND attnum = number
        WHERE place <= indnkeyatts ORDER BY place),
      'isOfPartition', indrelid <> c.oid,
      'isPlain', indexprs IS NULL AND indpred IS NULL AND NOT indisexclusion,
      'isPrimary', indisprimary,
      'isValid', indisvalid,
      'isImmediate', indimmediate
    ) ORDER BY indexrelid), '[]')
    FROM pg_index i WHERE (indisunique OR indisexclusion) AND (indrelid = c.oid
      OR indrelid IN ${treeOf('c.oid')} AND NOT EXISTS (SELECT FROM pg_inherits
        JOIN pg_index whole ON whole.indexrelid = inhparent AND whole.indisvalid WHERE inhrelid = i.indexrelid)))`;

const triggersWhere = (property: string): string => `ARRAY(SELECT format('%I', tgname)
    FROM pg_trigger WHERE tgrelid IN ${treeOf('c.oid')}
      AND NOT tgisinternal AND tgenabled <> 'D' AND ${property})`;

/**
 * The SQL of what changes with a table, or with the ledger.
 *
 * @param table the SQL of its OID.
 */
export function fingerprintOf(table: string): string {
  return `(SELECT md5(concat_ws('; ',
      (SELECT string_agg(concat_ws(' ', attnum, attname, atttypid, atttypmod, attgenerated, attidentity), ', ' ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = ${table} AND attnum > 0 AND NOT attisdropped),
      (SELECT string_agg(indexrelid::text, ', ' ORDER BY indexrelid)
        FROM pg_index WHERE indrelid IN ${treeOf(table)}
          AND (indisunique OR indisexclusion) AND indisvalid),
      (SELECT string_agg(oid::text, ', ' ORDER BY oid)
        FROM pg_trigger WHERE tgrelid IN ${treeOf(table)}
          AND NOT tgisinternal AND tgenabled <> 'D'),
      (${LEDGER}))))`;
}

/**
 * The facts about the table that `$1` names as a user would; no row where there is none. Bits of
 * `tgtype`: 1 for each row, 2 before, 4 insert, 64 instead of.
 */
export const FACTS = `
  SELECT c.oid::regclass::text AS name, relkind AS kind,
    relpersistence = 'u' AS "isUnlogged",
    current_setting('synchronous_commit') = 'off' AS "isAsync",
    row_security_active(c.oid) AS "hasRowSecurity",
    EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid AND polcmd IN ('a', '*') AND polpermissive
      AND (0 = ANY (polroles) OR EXISTS (SELECT FROM unnest(polroles) AS role
        WHERE pg_has_role(role, 'USAGE')))) AS "hasPolicy",
    ${COLUMNS} AS columns,
    ${INDEXES} AS indexes,
    ARRAY(SELECT format('%I', rulename) FROM pg_rewrite
      WHERE ev_class = c.oid AND ev_type IN ('2', '3') AND ev_enabled <> 'D') AS rules,
    ${triggersWhere('tgtype & 7 = 7')} <> '{}' AS "hasTrigger",
    ${triggersWhere('tgtype & 68 = 68')} AS "insteadOf",
    EXISTS (SELECT FROM pg_language
      WHERE lanname = 'plpgsql' AND has_language_privilege(pg_language.oid, 'USAGE')) AS "hasPlpgsql",
    ${fingerprintOf('c.oid')} AS fingerprint
  FROM pg_class c WHERE c.oid = to_regclass($1)`;
