import fc from 'fast-check';
import type { Encoding } from '../../src/source/encoding.ts';

/** How a text becomes bytes, what a user says of that, and what Python calls it. */
export interface Encoded {
  encode: (text: string) => Buffer;
  wish: Encoding | 'auto';
  python: string;
  /** What the fields are made of, which it can write. */
  texts: string[];
}

const ASCII = [
  'a',
  'Bo',
  '12',
  ' ',
  '\\',
  "'",
  '"',
  ',',
  ';',
  '\t',
  '|',
  '^',
  '\n',
  '\r\n',
  '\r',
  '=',
];
const LATIN = [...ASCII, 'é', 'ß', '\u00a0'];
const WINDOWS = [...LATIN, '€', '„', '–'];
/** Line and paragraph separators, which are no line breaks of CSV; two units of UTF-16. */
const UNICODE = [...WINDOWS, '日本', '🦊', '\u2028', '\u0085'];

const CP1252 = new Map([
  ['€', 0x80],
  ['„', 0x84],
  ['–', 0x96],
]);

const wide = (text: string): Buffer => Buffer.from(text, 'utf16le');

/** Each encoding, with and without what marks it. */
export const encodingOfFile: fc.Arbitrary<Encoded> = fc.constantFrom<Encoded[]>(
  { encode: (text) => Buffer.from(text), wish: 'auto', python: 'utf-8', texts: UNICODE },
  { encode: (text) => Buffer.from(text), wish: 'utf-8', python: 'utf-8', texts: UNICODE },
  {
    encode: (text) => Buffer.from(`\ufeff${text}`),
    wish: 'auto',
    python: 'utf-8-sig',
    texts: UNICODE,
  },
  { encode: (text) => wide(`\ufeff${text}`), wish: 'auto', python: 'utf-16', texts: UNICODE },
  {
    encode: (text) => wide(`\ufeff${text}`).swap16(),
    wish: 'auto',
    python: 'utf-16',
    texts: UNICODE,
  },
  { encode: wide, wish: 'utf-16le', python: 'utf-16-le', texts: UNICODE },
  { encode: (text) => wide(text).swap16(), wish: 'utf-16be', python: 'utf-16-be', texts: UNICODE },
  {
    encode: (text) => Buffer.from(text, 'latin1'),
    wish: 'latin1',
    python: 'latin-1',
    texts: [...LATIN, '\u0085'],
  },
  {
    encode: (text) =>
      Buffer.from(Array.from(text, (letter) => CP1252.get(letter) ?? letter.charCodeAt(0))),
    wish: 'windows-1252',
    python: 'cp1252',
    texts: WINDOWS,
  },
);
