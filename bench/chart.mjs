// A bar for each case: how many times as long as \copy it took, from its fastest to its slowest
// run.
import { baseOf } from './cases.mjs';

const [LABELS, BARS, VALUES, LINE, TITLE] = [230, 420, 70, 24, 36];
/** Bars that are longer are cut off: the others would be too short to tell apart. */
const MOST = 8;
/** Where a bar ends that is as long as that of \\copy. */
const ONE = LABELS + BARS / MOST;
/** Puts the middle of a line of text, rather than its foot, where it is written. */
const DROP = '0.35em';

/**
 * @param {import('./report.mjs').Results} results
 * @param {import('./report.mjs').Groups} groups
 * @returns {string} an SVG document
 */
export function chart(results, groups) {
  let y = 8;
  const parts = groups.flatMap(({ title, cases }) => {
    y += TITLE;
    const heading = `<text class="title" x="0" y="${y - 12}" dy="${DROP}">${escape(title)}</text>`;
    const bars = cases.map((measured) => {
      y += LINE;
      return bar(results, measured, y - LINE);
    });
    return [heading, ...bars];
  });
  const [width, height] = [LABELS + BARS + VALUES, y + 8];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">
<title>Time of an import, as a multiple of psql \\copy of the same rows</title>
<style>
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600 }
  .bar { fill: #2f6feb } .base { fill: #8c959f } .range { stroke: #24292f; stroke-width: 1.5 }
  .one { stroke: #8c959f; stroke-dasharray: 3 3 } .page { fill: #fff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .range { stroke: #e6edf3 } .page { fill: #0d1117 }
  }
</style>
<rect class="page" width="${width}" height="${height}"/>
<line class="one" x1="${ONE}" x2="${ONE}" y1="${TITLE}" y2="${y}"/>
${parts.join('\n')}
</svg>
`;
}

/**
 * @param {import('./report.mjs').Results} results
 * @param {import('./cases.mjs').Case} measured
 * @param {number} y of its upper edge
 */
function bar(results, measured, y) {
  const base = baseOf(measured);
  const { least, most } = results.of(measured.name);
  const unit = results.of(base).median;
  const ratio = results.ratio(measured);
  /** @param {number} times */
  const length = (times) => (Math.min(times, MOST) * BARS) / MOST;
  const middle = y + LINE / 2;
  const [from, to] = [LABELS + length(least / unit), LABELS + length(most / unit)];
  return [
    `<text x="0" y="${middle}" dy="${DROP}">${escape(measured.name)}</text>`,
    `<rect class="${measured.name === base ? 'base' : 'bar'}" x="${LABELS}" y="${y + 4}" width="${length(ratio).toFixed(1)}" height="${LINE - 8}" rx="2"/>`,
    `<line class="range" x1="${from.toFixed(1)}" x2="${to.toFixed(1)}" y1="${middle}" y2="${middle}"/>`,
    `<text x="${(Math.max(to, ONE) + 8).toFixed(1)}" y="${middle}" dy="${DROP}">${ratio.toFixed(2)} ×</text>`,
  ].join('');
}

/** @param {string} text */
function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
