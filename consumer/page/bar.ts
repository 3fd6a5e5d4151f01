import { make } from './dom.ts';
import { estimateOf, inWords, OUTCOMES, partsOf } from './outcomes.ts';
import type { Outcomes } from './status.ts';

/** An empty bar of outcomes. */
export function makeBar(): HTMLElement {
  const parts = [...OUTCOMES, 'pending'].map((outcome) =>
    make('span', { class: `part ${outcome}` }),
  );
  return make('div', { class: 'bar', role: 'img' }, ...parts);
}

/** Shows the outcomes of an import in its bar. */
export function showBar(bar: HTMLElement, row: Outcomes): void {
  const parts = partsOf(row);
  bar.setAttribute('aria-label', inWords(row));
  const isEstimated = estimateOf(row) !== null;
  bar.classList.toggle('estimated', isEstimated);
  bar.classList.toggle('open', row.pending === null && !isEstimated);
  for (const element of bar.children) {
    const part = parts.find(({ outcome }) => element.classList.contains(outcome));
    if (!(element instanceof HTMLElement)) continue;
    element.hidden = part === undefined;
    element.style.flexGrow = String(part?.share ?? 0);
  }
}
