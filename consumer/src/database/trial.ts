import pg from 'pg';

/** Statements of one transaction that find out which rows the database refuses in groups of some sizes. */
export interface Trial {
  /** Hands the rows over; its parameters are those of `Layout.insert`, and an array of the sizes. */
  give: string;
  run: string;
  /** Reads the `place` of each row that was refused, from 0, its `sqlstate` and the `reason`. */
  read: string;
}

/**
 * The SQL of a trial. In PL/pgSQL, rows that are refused cost no round trip, and no line of the server's log.
 *
 * What a group is refused with is tried again in groups of the next size. Each attempt is taken back at once.
 * What passes is inserted later, outside: a row keeps the id of its subtransaction, and the ledger knows that
 * of the transaction only. And of more than 64 subtransactions that a session keeps, every other session has
 * to look up each.
 *
 * A block has no parameters, so settings of the transaction hand the rows in and the result out.
 *
 * @param count number of columns.
 * @param insertFrom the statement that inserts rows, given the SQL of an array for each column.
 */
export function trialOf(count: number, insertFrom: (arrays: readonly string[]) => string): Trial {
  const names = Array.from({ length: count }, (_, index) => `v${index + 1}`);
  const given = names.map((name) => `current_setting('csv2db.${name}')::text[]`);
  const together = names.map((name) => `array_agg(${name} ORDER BY place) AS ${name}`).join(', ');
  // OTHERS does not catch an assertion that fails
  const block = `
    #variable_conflict use_column
    DECLARE
      places bigint[] := ARRAY(SELECT generate_series(1, cardinality(${given[0]})));
      size int;
      those record;
      is_taken bool;
      refused json[];
    BEGIN
      SET CONSTRAINTS ALL IMMEDIATE;
      FOREACH size IN ARRAY current_setting('csv2db.sizes')::int[] LOOP
        refused := '{}';
        FOR those IN
          SELECT array_agg(place ORDER BY place) AS places, ${together}
          FROM unnest(${given.join(', ')}) WITH ORDINALITY AS given (${names.join(', ')}, place)
          JOIN unnest(places) AS still (place) USING (place)
          GROUP BY (place - 1) / size
        LOOP
          is_taken := false;
          BEGIN
            ${insertFrom(names.map((name) => `those.${name}`))};
            is_taken := true;
            RAISE 'taken back';
          EXCEPTION WHEN OTHERS OR ASSERT_FAILURE THEN
            IF NOT is_taken THEN
              refused := refused || json_build_array(those.places, SQLSTATE, SQLERRM);
            END IF;
          END;
        END LOOP;
        places := ARRAY(SELECT json_array_elements_text(entry -> 0)::bigint FROM unnest(refused) AS entry);
      END LOOP;
      PERFORM set_config('csv2db.refused', to_json(refused)::text, true);
    END`;
  const settings = [...names, 'sizes'].map(
    (name, index) => `set_config('csv2db.${name}', $${index + 1}, true)`,
  );
  return {
    give: `SELECT ${settings.join(', ')}`,
    run: `DO ${pg.escapeLiteral(block)}`,
    read: `SELECT place::int - 1 AS place, entry ->> 1 AS sqlstate, entry ->> 2 AS reason
      FROM json_array_elements(current_setting('csv2db.refused')::json) AS entry,
        json_array_elements_text(entry -> 0) AS place`,
  };
}
