// What is measured: each way into the table, and what it is compared with.
import { importFile } from './import.mjs';
import { copy, hasPgloader, pgloader } from './rivals.mjs';

/** @typedef {import('./import.mjs').Result} Result */

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {'clean' | 'few' | 'half' | 'tenfold'} file
 * @property {(database: string, file: import('./data.mjs').File) => Promise<Result>} run
 * @property {number} [target] most times that of `\copy`
 */

export const COPY = 'psql \\copy';
export const TENFOLD_COPY = `${COPY}, 10 × the rows`;

/** @type {{ title: string, cases: Case[] }[]} */
const ALL = [
  {
    title: 'Against \\copy',
    cases: [
      { name: COPY, file: 'clean', run: copy },
      { name: 'csv2db', file: 'clean', target: 1, run: csv2db() },
      { name: 'csv2db, 1% duplicates', file: 'few', target: 1.3, run: csv2db() },
      { name: 'csv2db, 50% duplicates', file: 'half', target: 1.5, run: csv2db() },
      {
        name: 'csv2db, one row a message',
        file: 'clean',
        target: 7.5,
        run: csv2db({ rowsPerMessage: 1 }),
      },
      ...(hasPgloader()
        ? [{ name: 'pgloader', file: /** @type {const} */ ('clean'), run: pgloader }]
        : []),
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
      { name: '2 consumers, 1% duplicates', file: 'few', run: csv2db({ consumers: 2 }) },
    ],
  },
  {
    title: 'Ten times the rows',
    cases: [
      { name: TENFOLD_COPY, file: 'tenfold', run: copy },
      { name: 'csv2db, 10 × the rows', file: 'tenfold', run: csv2db() },
    ],
  },
];

/**
 * The cases whose names match, and with them what they are compared with.
 *
 * @param {RegExp} pattern
 */
export function casesLike(pattern) {
  const wanted = ALL.flatMap(({ cases }) => cases).filter(({ name }) => pattern.test(name));
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

/** @param {{ rowsPerMessage?: number, consumers?: number, parallel?: number }} [options] */
function csv2db(options = {}) {
  /** @type {Case['run']} */
  return (database, file) => importFile(database, file, { rowsPerMessage: 5_000, ...options });
}
