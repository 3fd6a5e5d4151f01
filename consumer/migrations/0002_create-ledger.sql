-- Up Migration

-- What became of the rows of imports. It is only appended to, in the transaction that stores the rows.
CREATE TABLE csv2db_ledger (
  import text NOT NULL, -- '' of messages that name none
  recorded timestamptz NOT NULL DEFAULT clock_timestamp(),
  covered int8multirange NOT NULL DEFAULT '{}', -- rows that are in the table, duplicates, or skipped
  refused int8multirange NOT NULL DEFAULT '{}', -- rows that are dead letters, until they are covered
  rejected int8multirange NOT NULL DEFAULT '{}', -- rows that the producer rejected
  skipped int8multirange NOT NULL DEFAULT '{}', -- rows that a trigger left out, without an error
  inserted bigint NOT NULL DEFAULT 0, -- number of the rows that were inserted
  unnumbered bigint NOT NULL DEFAULT 0, -- number of the rows that came without a number
  -- ids of the transactions that stored them: with its xmin, a row tells which
  transactions int8multirange NOT NULL DEFAULT format('{[%1$s,%1$s]}', pg_current_xact_id())::int8multirange
);

CREATE INDEX csv2db_ledger_import ON csv2db_ledger (import);

-- What producers tell of their imports, as they begin and as they end.
CREATE TABLE csv2db_announcements (
  import text NOT NULL,
  recorded timestamptz NOT NULL DEFAULT clock_timestamp(),
  announcement jsonb NOT NULL
);

CREATE INDEX csv2db_announcements_import ON csv2db_announcements (import);

-- Down Migration
DROP TABLE csv2db_announcements;
DROP TABLE csv2db_ledger;
