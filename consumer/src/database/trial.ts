import pg from 'pg';

/** Statements of one transaction that find out which rows the database refuses in groups of some sizes. */
export interface Trial {
  /**
   * Hands the rows over; its parameters are those of `Layout.insert`, an array of the sizes, and whether
   * what is taken stays for those that come behind it.
   */
  give: string;
  run: string;
  /** Reads the `place` of each row that was taken and stayed, from 0, in the order in which they were. */
  taken: string;
  /** Reads the `place` of each row that was refused, its `sqlstate` and the `reason`. */
  refused: string;
}

/**
 * The SQL of a trial. In PL/pgSQL, rows that are refused cost no round trip, and no line of the server's log.
 *
 * What a group is refused with is tried again in groups of the next size. Each attempt is taken back at once,
 * unless what is taken is to stay: then the others are tried again for as long as any is taken, each time in
 * the other direction, since a chain may have its last link first. No round begins after a quarter of the time
 * that a statement may take: one that the server ends has found out nothing.
 *
 * What passes is inserted later, outside: a row keeps the id of its subtransaction, and the ledger knows that
 * of the transaction only. And of more than 64 subtransactions that a session keeps, every other session has
 * to look up each; where they stay, that lasts as long as the trial.
 *
 * A block has no parameters, so settings of the transaction hand the rows in and the result out.
 *
 * @param count number of columns.
 * @param attempt the statement that is tried, given the SQL of an array for each column.
 */
export function trialOf(count: number, attempt: (arrays: readonly string[]) => string): Trial {
  const names = Array.from({ length: count }, (_, index) => `v${index + 1}`);
  const given = names.map((name) => `current_setting('csv2db.${name}')::text[]`);
  const together = names.map((name) => `array_agg(${name} ORDER BY turn) AS ${name}`).join(', ');
  // OTHERS does not catch an assertion that fails
  const block = `
    #variable_conflict use_column
    DECLARE
      is_kept bool := current_setting('csv2db.is_kept');
      places bigint[] := ARRAY(SELECT generate_series(1, cardinality(${given[0]})));
      before int;
      size int;
      those record;
      is_taken bool;
      taken json[] := '{}';
      refused json[];
    BEGIN
      SET CONSTRAINTS ALL IMMEDIATE;
      LOOP
        before := cardinality(places);
        FOREACH size IN ARRAY current_setting('csv2db.sizes')::int[] LOOP
          refused := '{}';
          FOR those IN
            SELECT array_agg(place ORDER BY turn) AS places, ${together}
            FROM unnest(${given.join(', ')}) WITH ORDINALITY AS given (${names.join(', ')}, place)
            JOIN unnest(places) WITH ORDINALITY AS still (place, turn) USING (place)
            GROUP BY (turn - 1) / size ORDER BY (turn - 1) / size
          LOOP
            is_taken := false;
            BEGIN
              ${attempt(names.map((name) => `those.${name}`))};
              is_taken := true;
              IF NOT is_kept THEN RAISE 'taken back'; END IF;
              taken := taken || to_json(those.places);
            EXCEPTION WHEN OTHERS OR ASSERT_FAILURE THEN
              IF NOT is_taken THEN
                refused := refused || json_build_array(those.places, SQLSTATE, SQLERRM);
              END IF;
            END;
          END LOOP;
          places := ARRAY(SELECT json_array_elements_text(entry -> 0)::bigint
            FROM unnest(refused) WITH ORDINALITY AS refused (entry, turn) ORDER BY turn);
        END LOOP;
        EXIT WHEN NOT is_kept OR cardinality(places) IN (0, before)
          OR clock_timestamp() > statement_timestamp() + current_setting('statement_timeout')::interval / 4;
        places := ARRAY(SELECT place FROM unnest(places) WITH ORDINALITY AS still (place, turn)
          ORDER BY turn DESC);
      END LOOP;
      PERFORM set_config('csv2db.taken', to_json(taken)::text, true);
      PERFORM set_config('csv2db.refused', to_json(refused)::text, true);
    END`;
  const settings = [...names, 'sizes', 'is_kept'].map(
    (name, index) => `set_config('csv2db.${name}', $${index + 1}, true)`,
  );
  return {
    give: `SELECT ${settings.join(', ')}`,
    run: `DO ${pg.escapeLiteral(block)}`,
    taken: `SELECT place::int - 1 AS place
      FROM json_array_elements(current_setting('csv2db.taken')::json) WITH ORDINALITY AS taken (places, turn),
        json_array_elements_text(places) WITH ORDINALITY AS part (place, part) ORDER BY turn, part`,
    refused: `SELECT place::int - 1 AS place, entry ->> 1 AS sqlstate, entry ->> 2 AS reason
      FROM json_array_elements(current_setting('csv2db.refused')::json) AS entry,
        json_array_elements_text(entry -> 0) AS place ORDER BY 1`,
  };
}
