import { printable } from '@csv2db/libs/visible.ts';
import { padded, shortened, stringWidth } from '@csv2db/libs/width.ts';
import { time } from '@csv2db/libs/words.ts';
import type { Import } from './import.ts';
import { shortIds } from './short-ids.ts';

/** Narrowest and widest column of what may be shortened. */
const LEAST = 12;
const MOST = 30;

interface Column {
  heading: string;
  /** Of columns that do not all fit, those of the highest rank are left out first. */
  rank: number;
  side: 'start' | 'end';
  cells: readonly string[];
}

/**
 * Imports as a table, each a line below a heading, and notes. Where it is too wide, names of files are
 * shortened, and the columns left out that matter least. So are those that tell nothing of any import.
 *
 * @param width columns of the terminal.
 */
export function table(imports: readonly Import[], width: number): string[] {
  const short = shortIds(imports.map((one) => one.import));
  const idOf = (one: Import): string => shown(short.get(one.import) ?? one.import);
  const all = columnsOf(imports, idOf);
  let columns = all;
  for (let rank = 8; rank > 0 && leastWidth(columns) > width; rank -= 1) {
    columns = columns.filter((column) => column.rank < rank);
  }
  const widths = widthsOf(columns, width);
  const lines = [-1, ...imports.keys()].map((place) => lineOf(columns, widths, place));
  const shownHeadings = columns.map(({ heading }) => heading);
  return [...lines, ...imports.flatMap((one) => notesOn(one, idOf(one), shownHeadings))];
}

const RATE = 'rows/s';
const SKIPPED = 'skipped';
const SHORTENED = ['import', 'file'];

function columnsOf(imports: readonly Import[], idOf: (one: Import) => string): Column[] {
  const column = (
    heading: string,
    rank: number,
    side: Column['side'],
    text: (one: Import) => string | number,
  ): Column => ({ heading, rank, side, cells: imports.map((one) => String(text(one))) });
  const all = [
    column('import', 0, 'end', idOf),
    column('file', 4, 'end', fileOf),
    column('begun', 6, 'end', ({ begun }) => shown(begun ?? '').replace(/:[\d.]+Z$/, 'Z')),
    column('read', 3, 'start', readOf),
    column('rejected', 5, 'start', ({ rejected }) => rejected),
    column('inserted', 2, 'start', ({ inserted }) => inserted),
    column('duplicate', 5, 'start', ({ duplicate }) => duplicate),
    column(SKIPPED, 7, 'start', ({ skipped }) => skipped),
    column('dead', 1, 'start', ({ dead }) => dead),
    column('pending', 1, 'start', pendingOf),
    column(RATE, 8, 'start', ({ rowsPerSecond }) => rowsPerSecond ?? ''),
    column('ETA', 8, 'start', ({ etaSeconds }) => (etaSeconds === null ? '' : time(etaSeconds))),
    column('state', 0, 'end', ({ state }) => state),
  ];
  const nothingIn = (heading: string): string => (heading === SKIPPED ? '0' : '');
  return all.filter(({ heading, cells }) => cells.some((cell) => cell !== nothingIn(heading)));
}

/** How many rows it has, as far as is known. */
function readOf({ read, expected, highestRow }: Import): string {
  if (read !== null) return String(read);
  return expected === null ? `${highestRow ?? 0}+` : about(expected);
}

function pendingOf(one: Import): string {
  const { pending, expected } = one;
  if (pending !== null) return String(pending);
  if (expected === null) return '?';
  return about(expected - one.rejected - one.inserted - one.duplicate - one.skipped - one.dead);
}

/** An estimate, with as many digits as it may deserve. */
function about(rows: number): string {
  return `~${Number(rows.toPrecision(3))}`;
}

/** The name of the first file, and how many there are beside it. */
function fileOf({ files, fileCount }: Import): string {
  const [first] = files;
  if (!first) return '?';
  const name = shown(first.name.replace(/^.*\/(?=.)/s, ''));
  return fileCount > 1 ? `${name} +${fileCount - 1}` : name;
}

/** A text on one line, with nothing that a terminal would obey. */
function shown(text: string): string {
  return printable(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

function leastWidth(columns: readonly Column[]): number {
  const widths = columns.map((column) => {
    const own = ownWidth(column);
    return SHORTENED.includes(column.heading) ? Math.min(own, LEAST) : own;
  });
  return widths.reduce((sum, each) => sum + each + 1, -1);
}

function ownWidth({ heading, cells }: Column): number {
  return Math.max(stringWidth(heading), ...cells.map((cell) => stringWidth(cell)));
}

/** Widths that the columns get, what may be shortened as much as is left. */
function widthsOf(columns: readonly Column[], width: number): number[] {
  let spare = width - leastWidth(columns);
  return columns.map((column) => {
    const own = ownWidth(column);
    if (!SHORTENED.includes(column.heading)) return own;
    const least = Math.min(own, LEAST);
    const more = Math.max(0, Math.min(own - least, MOST - least, spare));
    spare -= more;
    return least + more;
  });
}

/** @param place of the import; -1 for the headings. */
function lineOf(columns: readonly Column[], widths: readonly number[], place: number): string {
  const cells = columns.map(({ heading, cells, side }, index) => {
    const width = widths[index] ?? 0;
    return padded(shortened(cells[place] ?? heading, width), width, side);
  });
  return cells.join(' ').trimEnd();
}

/** What there is to say about an import that has no column, or none that fits. */
function notesOn(one: Import, id: string, headings: readonly string[]): string[] {
  const { state, rowsPerSecond, etaSeconds, skipped, doubled, unnumbered } = one;
  const notes: string[] = [];
  if (state === 'running' && rowsPerSecond !== null && !headings.includes(RATE)) {
    const left = etaSeconds === null ? '' : `, ${time(etaSeconds)} left`;
    notes.push(`${rowsPerSecond} rows/s${left}`);
  }
  if (skipped > 0 && !headings.includes(SKIPPED)) notes.push(`skipped by the database: ${skipped}`);
  if (doubled > 0) notes.push(`stored more than once: ${doubled}`);
  if (unnumbered > 0) notes.push(`beside these, without their numbers: ${unnumbered}`);
  return notes.map((note) => `${id}: ${note}`);
}
