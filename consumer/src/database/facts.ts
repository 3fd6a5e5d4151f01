/** What the catalogue says about the table. */
export interface Facts {
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
  columns: string[];
  insertable: string[];
  selectable: string[];
  generated: string[];
  /** Columns that must be given a value. */
  required: string[];
  /**
   * Names of the types that text is cast to: where the column is of text of some kind, that is text,
   * because a cast to a domain cuts what is too long, and the assignment refuses it.
   */
  nameCast: string | null;
  emailCast: string | null;
  /** Name of the type, fit for a cast. */
  emailType: string | null;
  /**
   * Unique indexes on exactly the email: those of use, and those that were not built to the end.
   */
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
const columnsWith = (property: string): string => `ARRAY(
    SELECT attname::text FROM pg_attribute
    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND ${property}
    ORDER BY attnum)`;

const castOf = (column: string): string => `(SELECT
    CASE typcategory WHEN 'S' THEN 'text' ELSE format('%I.%I', nspname, typname) END
    FROM pg_attribute JOIN pg_type t ON t.oid = atttypid JOIN pg_namespace n ON n.oid = typnamespace
    WHERE attrelid = c.oid AND attname = '${column}' AND NOT attisdropped)`;

const typeOf = (column: string): string => `(SELECT format('%I.%I', nspname, typname)
    FROM pg_attribute JOIN pg_type t ON t.oid = atttypid JOIN pg_namespace n ON n.oid = typnamespace
    WHERE attrelid = c.oid AND attname = '${column}' AND NOT attisdropped)`;

/** Unique indexes that ON CONFLICT (email) can use, but for those that are not valid. */
export const UNIQUE_INDEXES = `
    pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
    WHERE attname = 'email' AND indisunique AND indimmediate AND indnkeyatts = 1
      AND indpred IS NULL`;

const uniqueWhere = (property: string): string => `ARRAY(SELECT indexrelid::regclass::text
    FROM ${UNIQUE_INDEXES} AND indrelid = c.oid AND ${property})`;

const triggersWhere = (property: string): string => `ARRAY(SELECT format('%I', tgname)
    FROM pg_trigger WHERE (tgrelid = c.oid OR tgrelid IN (SELECT relid FROM pg_partition_tree(c.oid)))
      AND NOT tgisinternal AND tgenabled <> 'D' AND ${property})`;

/** Bits of `tgtype`: 1 for each row, 2 before, 4 insert, 64 instead of. */
export const FACTS = `
  SELECT relkind AS kind,
    relpersistence = 'u' AS "isUnlogged",
    current_setting('synchronous_commit') = 'off' AS "isAsync",
    row_security_active(c.oid) AS "hasRowSecurity",
    EXISTS (SELECT FROM pg_policy WHERE polrelid = c.oid AND polcmd IN ('a', '*') AND polpermissive
      AND (0 = ANY (polroles) OR EXISTS (SELECT FROM unnest(polroles) AS role
        WHERE pg_has_role(role, 'USAGE')))) AS "hasPolicy",
    ${columnsWith('true')} AS columns,
    ${columnsWith(`has_column_privilege(c.oid, attnum, 'INSERT')`)} AS insertable,
    ${columnsWith(`has_column_privilege(c.oid, attnum, 'SELECT')`)} AS selectable,
    ${columnsWith(`attgenerated <> ''`)} AS generated,
    ${columnsWith(`attnotnull AND NOT atthasdef AND attidentity = ''`)} AS required,
    ${castOf('name')} AS "nameCast",
    ${castOf('email')} AS "emailCast",
    ${typeOf('email')} AS "emailType",
    ${uniqueWhere('indisvalid')} AS unique,
    ${uniqueWhere('NOT indisvalid')} AS invalid,
    ARRAY(SELECT format('%I', rulename) FROM pg_rewrite
      WHERE ev_class = c.oid AND ev_type IN ('2', '3') AND ev_enabled <> 'D') AS rules,
    ${triggersWhere('tgtype & 7 = 7')} <> '{}' AS "hasTrigger",
    ${triggersWhere('tgtype & 68 = 68')} AS "insteadOf"
  FROM pg_class c WHERE c.oid = to_regclass('contacts')`;
