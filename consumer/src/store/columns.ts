import type { Row } from '../batch.ts';

/**
 * The values of rows, column by column, as the parameters of statements.
 *
 * @param places of the columns, from 0. Default: all of them.
 */
export function columnsOf(
  rows: readonly Row[],
  places: readonly number[] = [...(rows[0]?.values.keys() ?? [])],
): (string | null)[][] {
  return places.map((place) => rows.map(({ values }) => values[place] ?? null));
}
