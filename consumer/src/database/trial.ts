import pg from 'pg';

/** Statements of one transaction that find out which rows the database refuses by themselves. */
export interface Trial {
  /** Hands the rows over; its parameters are those of `Layout.insert`. */
  give: string;
  run: string;
  /** Reads the `place` of each row that was refused, from 0, its `sqlstate` and the `reason`. */
  read: string;
}

/** How many rows are tried at once; where they are refused, each of them is by itself. */
const AT_ONCE = 16;

/**
 * The SQL of a trial. In PL/pgSQL, a row that is refused costs no round trip, and no line of the server's log.
 *
 * Each attempt is taken back at once. What passes is inserted later, outside: a row keeps the id of its
 * subtransaction, and the ledger knows that of the transaction only. And of more than 64
 * subtransactions that a session keeps, every other session has to look up each.
 *
 * A block has no parameters, so settings of the transaction hand the rows in and the result out.
 *
 * @param count number of columns.
 * @param insertFrom the statement that inserts rows, given the SQL of an array for each column.
 */
export function trialOf(count: number, insertFrom: (arrays: readonly string[]) => string): Trial {
  const names = Array.from({ length: count }, (_, index) => `v${index + 1}`);
  const given = names.map((name) => `current_setting('csv2db.${name}')::text[]`).join(', ');
  const together = names.map((name) => `array_agg(${name} ORDER BY place) AS ${name}`).join(', ');
  const those = names.map((name) => `those.${name}`);
  const block = `
    #variable_conflict use_column
    DECLARE
      those record;
      one record;
      is_taken bool;
      refused json[];
    BEGIN
      SET CONSTRAINTS ALL IMMEDIATE;
      FOR those IN
        SELECT array_agg(place ORDER BY place) AS places, ${together}
        FROM unnest(${given}) WITH ORDINALITY AS given (${names.join(', ')}, place)
        GROUP BY (place - 1) / ${AT_ONCE}
      LOOP
        ${attempt(insertFrom(those))}
        IF NOT is_taken THEN
          FOR one IN
            SELECT * FROM unnest(those.places, ${those.join(', ')}) AS each (place, ${names.join(', ')})
          LOOP
            ${attempt(
              insertFrom(names.map((name) => `ARRAY[one.${name}]`)),
              'refused := refused || json_build_array(one.place - 1, SQLSTATE, SQLERRM);',
            )}
          END LOOP;
        END IF;
      END LOOP;
      PERFORM set_config('csv2db.refused', to_json(coalesce(refused, '{}'))::text, true);
    END`;
  const settings = names.map((name, index) => `set_config('csv2db.${name}', $${index + 1}, true)`);
  return {
    give: `SELECT ${settings.join(', ')}`,
    run: `DO ${pg.escapeLiteral(block)}`,
    read: `SELECT (row ->> 0)::int AS place, row ->> 1 AS sqlstate, row ->> 2 AS reason
      FROM json_array_elements(current_setting('csv2db.refused')::json) AS row`,
  };
}

/** Runs a statement and takes it back. An assignment outlives that. OTHERS has no assertion that fails in it. */
function attempt(statement: string, onRefused = ''): string {
  return `is_taken := false;
    BEGIN
      ${statement};
      is_taken := true;
      RAISE 'taken back';
    EXCEPTION WHEN OTHERS OR ASSERT_FAILURE THEN
      IF NOT is_taken THEN
        ${onRefused || 'NULL;'}
      END IF;
    END;`;
}
