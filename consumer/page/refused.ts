import { byId, make, setText } from './dom.ts';
import { count, date, plural } from './format.ts';
import type { Refused } from './status.ts';

/** Shows the dead letters by reason. */
export function showRefused({ reasons, others }: Refused, since: number): void {
  const rows = reasons.map(({ reason, count }) => [reason, count] as const);
  if (others > 0) rows.push(['other reasons', others]);
  const sum = rows.reduce((total, [, number]) => total + number, 0);
  setText(
    byId('refused-since'),
    `${sum === 0 ? 'None' : plural(sum, 'row')} refused by this consumer since it started, ${date(since)}, replayed ones anew`,
  );
  const table = byId('refused', HTMLTableElement);
  table.hidden = rows.length === 0;
  const [body] = table.tBodies;
  if (!body) return;
  while (body.rows.length > rows.length) body.deleteRow(-1);
  for (const [index, [reason, number]] of rows.entries()) {
    const row = body.rows[index] ?? body.appendChild(emptyRow());
    const [first, second] = row.cells;
    if (first) setText(first, reason);
    if (second) setText(second, count(number));
  }
}

function emptyRow(): HTMLTableRowElement {
  return make('tr', {}, make('td', { class: 'reason' }), make('td', { class: 'number' }));
}
