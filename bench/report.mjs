// The results as tables, on the terminal and in docs/performance.md, and as a chart beside it.
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { connect } from 'amqplib';
import { format } from 'prettier';
import { baseOf, targetOf } from './cases.mjs';
import { chart } from './chart.mjs';
import { connectTo, queueUrl } from './servers.mjs';

const PAGE = fileURLToPath(new URL('../docs/performance.md', import.meta.url));
const CHART = fileURLToPath(new URL('../docs/performance.svg', import.meta.url));
const MARKED = /(<!-- bench:begin -->).*(<!-- bench:end -->)/s;
const HEADS = [
  '',
  'seconds: median (least–most)',
  'rows/s',
  '× \\copy',
  'target',
  'most resident MiB',
  'processor seconds',
];

/** @typedef {import('./cases.mjs').Case} Case */
/** @typedef {import('./import.mjs').Result} Result */
/** @typedef {ReturnType<typeof import('./cases.mjs').casesLike>} Groups */

/**
 * @typedef {object} Table what was measured in databases of one collation
 * @property {string} collation
 * @property {Groups} groups
 * @property {Results} results
 */

/**
 * @typedef {object} Summary of the runs of a case
 * @property {number} median seconds
 * @property {number} least
 * @property {number} most
 * @property {number} rows of the file
 * @property {Result[]} runs from the fastest to the slowest
 */

/** What was measured. */
export class Results {
  /** @type {Map<string, { rows: number, runs: Result[] }>} */
  #cases = new Map();

  /**
   * @param {Case} measured
   * @param {number} rows
   * @param {Result} result
   */
  add({ name }, rows, result) {
    const { runs } = this.#cases.get(name) ?? { runs: [] };
    this.#cases.set(name, { rows, runs: [...runs, result] });
  }

  /**
   * @param {string} name
   * @returns {Summary}
   */
  of(name) {
    const { rows = 0, runs = [] } = this.#cases.get(name) ?? {};
    const sorted = runs.toSorted((a, b) => a.seconds - b.seconds);
    return {
      median: sorted[sorted.length >> 1]?.seconds ?? NaN,
      least: sorted[0]?.seconds ?? NaN,
      most: sorted.at(-1)?.seconds ?? NaN,
      rows,
      runs: sorted,
    };
  }

  /**
   * How many times as long as `\copy` of the same file a case took.
   * @param {Case} measured
   */
  ratio(measured) {
    return this.of(measured.name).median / this.of(baseOf(measured)).median;
  }

  /**
   * A table in Markdown for each group.
   * @param {Groups} groups
   * @param {string} collation
   */
  tables(groups, collation) {
    return groups
      .map(({ title, cases }) => {
        const cells = cases.map((one) => this.#cells(one, targetOf(one, collation)));
        const rows = [HEADS, HEADS.map(() => '---'), ...cells];
        return `### ${title}, collation ${collation}\n\n${rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}`;
      })
      .join('\n\n');
  }

  /**
   * @param {Case} measured
   * @param {number | undefined} target
   */
  #cells(measured, target) {
    const { median, least, most, rows, runs } = this.of(measured.name);
    const middle = runs[runs.length >> 1];
    return [
      measured.name,
      `${median.toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`,
      Math.round(rows / median).toLocaleString('en'),
      this.ratio(measured).toFixed(2),
      target === undefined ? '' : `≤ ${target}`,
      Object.keys(middle?.memory ?? {})
        .map(
          (name) => `${name} ${Math.max(...runs.map(({ memory }) => memory[name] ?? 0)).toFixed()}`,
        )
        .join(', '),
      Object.entries(middle?.cpu ?? {})
        .map(([name, seconds]) => `${name} ${seconds.toFixed(1)}`)
        .join(', '),
    ];
  }
}

/**
 * Writes the page of the documentation anew, and its chart, which is of the first collation.
 *
 * @param {Table[]} tables
 * @param {{ rows: number, runs: number }} setup
 */
export async function writePage(tables, setup) {
  const page = await readFile(PAGE, 'utf8');
  const block = [
    await describe(setup),
    '![the same as a chart](performance.svg)',
    ...tables.map(({ results, groups, collation }) => results.tables(groups, collation)),
  ];
  const text = page.replace(MARKED, (_, begin, end) => [begin, ...block, end].join('\n\n'));
  await writeFile(PAGE, await format(text, { parser: 'markdown' }));
  const [first] = tables;
  if (first) await writeFile(CHART, chart(first.results, first.groups));
}

/** @param {{ rows: number, runs: number }} setup */
async function describe({ rows, runs }) {
  const client = await connectTo('');
  /** @type {import('pg').QueryResult<{ server_version: string }>} */
  const version = await client.query('SHOW server_version');
  await client.end();
  const connection = await connect(queueUrl.href);
  const rabbitmq = connection.connection.serverProperties.version;
  await connection.close();
  const [processor] = cpus();
  return [
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${processor?.model},`,
    `Node.js ${process.versions.node}, RabbitMQ ${rabbitmq},`,
    `PostgreSQL ${version.rows[0]?.server_version}, \`fsync\` on;`,
    `${rows.toLocaleString('en')} rows, ${runs} runs of each case, in turn:`,
  ].join(' ');
}
