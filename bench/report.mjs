// The results as a table, on the terminal and in docs/performance.md.
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { connect } from 'amqplib';
import { format } from 'prettier';
import { connectTo, queueUrl } from './servers.mjs';

const PAGE = fileURLToPath(new URL('../docs/performance.md', import.meta.url));
const MARKED = /(<!-- bench:begin -->).*(<!-- bench:end -->)/s;

/** @typedef {import('./import.mjs').Result} Result */

/**
 * @param {Map<string, Partial<Result>[]>} results the runs of each case
 * @param {Map<string, string>} targets
 * @param {{ rows: number, runs: number, collation: string }} setup
 * @returns {Promise<string>} the table
 */
export async function write(results, targets, setup) {
  const base = medianSeconds(results.get('\\copy') ?? []);
  const lines = [...results].map(([name, runs]) => {
    const seconds = secondsOf(runs);
    const middle = medianSeconds(runs);
    const run = runs.find((candidate) => candidate.seconds === middle);
    const cpu = run?.cpu;
    return [
      name,
      `${middle.toFixed(2)} (${Math.min(...seconds).toFixed(2)}–${Math.max(...seconds).toFixed(2)})`,
      Math.round(setup.rows / middle).toLocaleString('en'),
      (middle / base).toFixed(2),
      targets.get(name) ?? '',
      run?.producerMemory
        ? `${most(runs, 'producerMemory')} / ${most(runs, 'consumerMemory')}`
        : '',
      cpu
        ? [cpu.producer, cpu.consumers, cpu.rabbitmq, cpu.postgres]
            .map((value) => value.toFixed(1))
            .join(' / ')
        : '',
    ];
  });
  const heads = [
    'case',
    'seconds: median (least–most)',
    'rows/s',
    '× \\copy',
    'target',
    'most MB: producer / consumer',
    'processor s: producer / consumers / RabbitMQ / PostgreSQL',
  ];
  const rule = heads.map(() => '---');
  const table = [heads, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  if (process.env['BENCH_WRITE'] === '0') return table;
  const page = await readFile(PAGE, 'utf8');
  const block = ['$1', await describe(setup), table, '$2'].join('\n\n');
  await writeFile(PAGE, await format(page.replace(MARKED, block), { parser: 'markdown' }));
  return table;
}

/** @param {{ rows: number, runs: number, collation: string }} setup */
async function describe({ rows, runs, collation }) {
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
    `PostgreSQL ${version.rows[0]?.server_version}, collation ${collation}, \`fsync\` on;`,
    `${rows.toLocaleString('en')} rows, ${runs} runs of each case, in turn:`,
  ].join(' ');
}

/** @param {Partial<Result>[]} runs */
function secondsOf(runs) {
  return runs.map(({ seconds }) => seconds ?? 0);
}

/** @param {Partial<Result>[]} runs */
export function medianSeconds(runs) {
  return secondsOf(runs).toSorted((a, b) => a - b)[runs.length >> 1] ?? 0;
}

/**
 * @param {Partial<Result>[]} runs
 * @param {'producerMemory' | 'consumerMemory'} key
 */
function most(runs, key) {
  return Math.round(Math.max(...runs.map((run) => run[key] ?? 0)));
}
