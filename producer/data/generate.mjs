// Writes CSV rows (name,email; no header, every email once) to standard output:
//   node producer/data/generate.mjs ROWS [SEED]     the same rows for the same seed (default 1)
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const FIRST_NAMES =
  'Ada Bela Carla Dario Edda Farid Greta Hanna Igor Jonas Kira Lena Milo Nadia Otto Paula Quinn Rosa Samir Tilda Ugo Vera Wanda Xenia Yusuf Zora Anouk Björn Chloé Dušan Éva Łukasz Núria Søren'.split(
    ' ',
  );
const LAST_NAMES =
  "Abbott Becker Costa Dietrich Evans Fischer García Haas Ivanova Jansen Keller Lindqvist Moreau Novak O'Brien Petrov Quist Rossi Schmidt Tanaka Ueda Vogel Weber Xu Yilmaz Zimmermann Müller Kovács Nuñez Brandão".split(
    ' ',
  );
const DOMAINS = ['example.com', 'example.org', 'example.net', 'mail.example', 'post.test'];
const ROWS_A_BLOCK = 1000;

/**
 * Mulberry32: a generator of 32 bits of state, each number in [0, 1).
 * @param {number} seed
 */
function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * The letters of a name that an email may have.
 * @param {string} name
 */
function plain(name) {
  return name.normalize('NFD').replaceAll(/[^A-Za-z]/g, '');
}

/**
 * CSV text for rows 1 to `count`, in blocks.
 * @param {number} count
 * @param {number} seed
 */
function* csv(count, seed) {
  const random = randomNumbers(seed);
  /** @param {string[]} list */
  const pick = (list) => list[Math.floor(random() * list.length)] ?? '';
  for (let row = 1; row <= count;) {
    let block = '';
    for (const end = Math.min(count, row + ROWS_A_BLOCK - 1); row <= end; row += 1) {
      const first = pick(FIRST_NAMES);
      const last = pick(LAST_NAMES);
      block += `${first} ${last},${plain(first)}_${plain(last)}${row}@${pick(DOMAINS)}\n`;
    }
    yield block;
  }
}

const count = Number(process.argv[2]);
const seed = Number(process.argv[3] ?? 1);
if (!Number.isInteger(count) || count < 0 || !Number.isInteger(seed)) {
  process.stderr.write('usage: node producer/data/generate.mjs ROWS [SEED]\n');
  process.exit(1);
}
await pipeline(Readable.from(csv(count, seed)), process.stdout);
