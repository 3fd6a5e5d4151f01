// What is measured: each way into the table, and what it is compared with.
import { importFile } from './import.mjs';
import {
  copy,
  copyAndInsert,
  hasParallelCopy,
  hasPgloader,
  parallelCopy,
  pgloader,
} from './rivals.mjs';

/** @typedef {import('./import.mjs').Result} Result */
/** @typedef {import('./data.mjs').FileName} FileName */

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {FileName} file
 * @property {(database: string, file: import('./data.mjs').File) => Promise<Result>} run
 * @property {[linguistic: number, bytes: number | undefined]} [targets] most times that of `\copy`,
 * where text is compared by a language and where it is by its bytes; a case without the second one
 * is measured by a language only
 */

export const COPY = 'psql \\copy';
export const TENFOLD_COPY = `${COPY}, 10 × the rows`;

/** @type {{ title: string, cases: Case[] }[]} */
const ALL = [
  {
    title: 'Against \\copy',
    cases: [
      { name: COPY, file: 'clean', run: copy },
      { name: 'csv2db', file: 'clean', targets: [0.8, 0.95], run: csv2db() },
      { name: 'csv2db, 1% duplicates', file: 'few', targets: [0.95, 1.3], run: csv2db() },
      { name: 'csv2db, 50% duplicates', file: 'half', targets: [1, 1.4], run: csv2db() },
      {
        name: 'csv2db, one row a message',
        file: 'clean',
        targets: [6, undefined],
        run: csv2db({ rowsPerMessage: 1 }),
      },
      { name: 'psql, 1% duplicates', file: 'few', run: copyAndInsert },
      ...rival(hasPgloader(), { name: 'pgloader', file: 'clean', run: pgloader }),
      ...rival(hasParallelCopy(), {
        name: 'timescaledb-parallel-copy',
        file: 'clean',
        run: parallelCopy,
      }),
      ...rival(hasParallelCopy(), {
        name: 'timescaledb-parallel-copy, 1% dup.',
        file: 'few',
        run: parallelCopy,
      }),
    ],
  },
  {
    title: 'More and fewer consumers',
    cases: [
      ...[1, 4, 8].map((parallel) => ({
        name: `1 consumer, --parallel ${parallel}`,
        file: /** @type {const} */ ('clean'),
        run: csv2db({ parallel }),
      })),
      ...[2, 4].map((consumers) => ({
        name: `${consumers} consumers`,
        file: /** @type {const} */ ('clean'),
        run: csv2db({ consumers }),
      })),
      {
        name: '2 consumers, 1% duplicates',
        file: 'few',
        targets: [1.1, 1.5],
        run: csv2db({ consumers: 2 }),
      },
    ],
  },
  {
    title: 'Other forms of the file',
    cases: [
      { name: 'csv2db, gzipped', file: 'gzipped', targets: [1.04, 1.24], run: csv2db() },
      {
        name: 'csv2db, columns by a header',
        file: 'reordered',
        targets: [1.04, 1.24],
        run: csv2db(),
      },
    ],
  },
  {
    title: 'Ten times the rows',
    cases: [
      { name: TENFOLD_COPY, file: 'tenfold', run: copy },
      { name: 'csv2db, 10 × the rows', file: 'tenfold', targets: [0.7, 0.85], run: csv2db() },
    ],
  },
];

/**
 * The cases whose names match, and with them what they are compared with.
 *
 * @param {RegExp} pattern
 * @param {string} collation
 */
export function casesLike(pattern, collation) {
  const wanted = ALL.flatMap(({ cases }) => cases).filter(
    (one) => pattern.test(one.name) && (!one.targets || targetOf(one, collation) !== undefined),
  );
  const bases = new Set(wanted.map(baseOf));
  return ALL.map(({ title, cases }) => ({
    title,
    cases: cases.filter((one) => wanted.includes(one) || bases.has(one.name)),
  })).filter(({ cases }) => cases.length > 0);
}

/**
 * The name of the case that one is compared with.
 *
 * @param {Case} measured
 * @returns {string}
 */
export function baseOf({ file }) {
  return file === 'tenfold' ? TENFOLD_COPY : COPY;
}

/**
 * Most times that of `\copy`.
 *
 * @param {Case} measured
 * @param {string} collation
 */
export function targetOf({ targets }, collation) {
  return targets?.[collation === 'C' ? 1 : 0];
}

/** @param {{ rowsPerMessage?: number, consumers?: number, parallel?: number }} [options] */
function csv2db(options = {}) {
  /** @type {Case['run']} */
  return (database, file) => importFile(database, file, { rowsPerMessage: 5_000, ...options });
}

/**
 * @param {boolean} isInstalled
 * @param {Case} measured
 */
function rival(isInstalled, measured) {
  return isInstalled ? [measured] : [];
}
