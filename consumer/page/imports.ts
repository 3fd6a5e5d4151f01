import { makeBar, showBar } from './bar.ts';
import { make, setText } from './dom.ts';
import { count, date, duration, rough, UNKNOWN } from './format.ts';
import { estimateOf, nameOf, OUTCOMES, pendingOf } from './outcomes.ts';
import type { ImportRow, Outcomes } from './status.ts';

/** The columns of numbers, by the class of their cells, with what a narrow screen calls them. */
const NUMBERS: Readonly<Record<string, (row: ImportRow) => string>> = {
  read: (row) => known(row, row.expected) ?? `${count(row.highestRow ?? 0)}+`,
  ...Object.fromEntries(
    OUTCOMES.map((outcome) => [outcome, (row: ImportRow) => count(row[outcome])]),
  ),
  pending: (row) => known(row, pendingOf(row)) ?? '?',
  'rows/s': ({ state, rowsPerSecond }) => (state === 'incomplete' ? UNKNOWN : count(rowsPerSecond)),
  left: (row) => {
    if (row.etaSeconds === null) return UNKNOWN;
    return `${estimateOf(row) === null ? '' : '~'}${duration(row.etaSeconds)}`;
  },
};

/** A number of rows, as exactly as it is known; undefined where it is not. */
function known(row: Outcomes, rows: number | null): string | undefined {
  if (rows === null) return undefined;
  return estimateOf(row) === null ? count(rows) : `~${rough(rows)}`;
}

/** The cells of an import that change. */
interface Cells {
  body: HTMLTableSectionElement;
  file: HTMLElement;
  about: HTMLElement;
  state: HTMLElement;
  numbers: Map<string, HTMLElement>;
  bar: HTMLElement;
}

/** The table of imports. What is there stays, and only changes its text. */
export class ImportTable {
  readonly #table: HTMLTableElement;
  #shown = new Map<string, Cells>();

  constructor(table: HTMLTableElement) {
    this.#table = table;
  }

  /** @param rows in their order. */
  show(rows: readonly ImportRow[]): void {
    this.#table.classList.toggle(
      'no-skipped',
      rows.every(({ skipped }) => skipped === 0),
    );
    const before = this.#shown;
    this.#shown = new Map(rows.map((row) => [row.id, before.get(row.id) ?? makeCells()]));
    for (const [id, { body }] of before) if (!this.#shown.has(id)) body.remove();
    let last: Element | null = this.#table.tHead;
    for (const row of rows) {
      const cells = this.#shown.get(row.id);
      if (!cells) continue;
      fill(cells, row);
      if (last?.nextElementSibling !== cells.body) last?.after(cells.body);
      last = cells.body;
    }
  }
}

function makeCells(): Cells {
  const file = make('span', { class: 'file' });
  const about = make('span', { class: 'quiet' });
  const state = make('td', { role: 'cell', class: 'state' });
  const numbers = new Map(
    Object.keys(NUMBERS).map((name) => {
      const attributes = {
        role: 'cell',
        class: `number ${name.replace('/', '-')}`,
        'data-name': name,
      };
      return [name, make('td', attributes)];
    }),
  );
  const bar = makeBar();
  const name = make('th', { scope: 'row', role: 'rowheader' }, file, about);
  const first = make('tr', { role: 'row' }, name, state, ...numbers.values());
  const cell = make('td', { role: 'cell', colspan: String(2 + numbers.size) }, bar);
  const second = make('tr', { role: 'row', class: 'outcomes' }, cell);
  const body = make('tbody', { role: 'rowgroup' }, first, second);
  return { body, file, about, state, numbers, bar };
}

function fill({ body, file, about, state, numbers, bar }: Cells, row: ImportRow): void {
  body.className = row.state;
  setText(file, nameOf(row));
  const begun = row.begun === null ? '' : ` · ${date(row.begun)}`;
  setText(about, `${row.shortId}${begun}`);
  about.title = row.id;
  setText(state, row.state);
  for (const [name, cell] of numbers) {
    const text = NUMBERS[name]?.(row) ?? '';
    setText(cell, text);
    cell.classList.toggle('none', text === '0' || text === UNKNOWN);
  }
  showBar(bar, row);
}
