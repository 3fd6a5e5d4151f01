import { Chart } from './chart.ts';
import { byId, setNote, setText } from './dom.ts';
import { clock, count, plural } from './format.ts';
import { ImportTable } from './imports.ts';
import { noteOn } from './known.ts';
import { showRefused } from './refused.ts';
import { depths, peakOf, rates } from './series.ts';
import type { Server, Status } from './status.ts';

/** Shows all that the page is told. */
export class View {
  readonly #imports = new ImportTable(byId('imports', HTMLTableElement));
  readonly #rates = new Chart(byId('rates'), ['--dead', '--skipped', '--duplicate', '--inserted']);
  readonly #depths = new Chart(byId('depths'), ['--depth']);

  show(status: Status): void {
    // before the charts are drawn, which are as large as they are seen
    document.body.classList.remove('waiting');
    setText(byId('route'), `queue ${status.queue} → table ${status.table}`);
    setText(byId('as-of'), `as of ${clock(status.now)}`);
    showServer('queue-server', status.servers.queue);
    showServer('database-server', status.servers.database);
    this.#showNow(status);
    this.#showImports(status);
    showRefused(status.refused, status.since);
  }

  #showNow({ recent, depths: known, now }: Status): void {
    const { now: rate, most } = peakOf(recent);
    setText(byId('rate'), count(rate));
    const rateWords = rate === null ? 'no data yet' : `now ${count(rate)}, at most ${count(most)}`;
    this.#rates.show(rates(recent), `rows per second, by outcome: ${rateWords}`);
    const { queue, dead } = known.value ?? { queue: null, dead: null };
    for (const [id, depth] of [
      ['depth', queue],
      ['dead-depth', dead],
    ] as const) {
      const element = byId(id);
      setText(element, count(depth));
      markOld(element, noteOn(known, now));
    }
    byId('dead-depth').classList.toggle('bad', (dead ?? 0) > 0);
    setNote(byId('depths-note'), noteOn(known, now));
    const seen = recent.depth.filter((depth) => depth !== null);
    const depthWords =
      seen.length === 0
        ? 'no data yet'
        : `now ${count(seen.at(-1))}, at most ${count(Math.max(...seen))}`;
    this.#depths.show(depths(recent), `messages that wait: ${depthWords}`);
  }

  #showImports({ ledger, now }: Status): void {
    const { imports, total, foreign } = ledger.value ?? { imports: [], total: 0, foreign: null };
    const note = noteOn(ledger, now);
    const running = imports.filter(({ state }) => state === 'running');
    const rate = running.reduce((sum, { rowsPerSecond }) => sum + (rowsPerSecond ?? 0), 0);
    setText(byId('imports-rate'), count(ledger.value ? rate : null));
    setNote(byId('ledger-note'), note);
    const table = byId('imports', HTMLTableElement);
    table.hidden = imports.length === 0;
    for (const element of [table, byId('imports-rate')]) markOld(element, note);
    this.#imports.show(imports);
    const more = [
      ledger.value && total === 0 ? 'No import is in the ledger.' : '',
      total > imports.length ? `The newest ${imports.length} of ${count(total)}.` : '',
      foreign
        ? `In messages that name no import: ${plural(foreign.rows, 'row')}, ${count(foreign.inserted)} inserted.`
        : '',
    ].filter(Boolean);
    setNote(byId('imports-more'), more.length > 0 ? more.join(' ') : undefined);
  }
}

function showServer(id: string, { state, words }: Server): void {
  const item = byId(id, HTMLLIElement);
  item.className = state;
  const element = item.querySelector('.words');
  if (element) setText(element, words);
}

function markOld(element: Element, note: string | undefined): void {
  element.classList.toggle('old', note !== undefined);
}
