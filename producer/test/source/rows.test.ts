import type { Values } from '@csv2db/libs/csv/records.ts';
import { MalformedRow } from '@csv2db/libs/csv/rows.ts';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { placesOf } from '../../src/source/lines.ts';
import { parsedChunksOf } from './chunks.ts';

/** The rows in them; a malformed row as its reason. */
async function rowsOf(file: Buffer | string, size: number): Promise<(Values | string)[]> {
  const all: (Values | string)[] = [];
  for await (const { firstRow, rows } of parsedChunksOf(file, size)) {
    expect(firstRow).toBe(all.length + 1);
    all.push(...rows.map((row) => (row instanceof MalformedRow ? row.reason : row)));
  }
  return all;
}

const LATE_QUOTE = 'a quote stands inside a field that does not begin with one';
const AFTER_QUOTE = 'text follows the closing quote of a field';
const NOT_CLOSED = 'a quoted field is not closed';

describe('the rows of a file, in blocks of any size,', () => {
  it.each([
    ['empty', '', []],
    ['one row without a line break', 'a,b', [['a', 'b']]],
    [
      'blank lines',
      '\n\na,b\n\n\nc,d\n\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'Windows line ends',
      'a,b\r\n\r\nc,d\r\n',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'all line ends',
      'a,b\r\nc,d\ne,f\rg,h\r\r\n"i\rj",k\r',
      [
        ['a', 'b'],
        ['c', 'd'],
        ['e', 'f'],
        ['g', 'h'],
        ['i\rj', 'k'],
      ],
    ],
    ['quoted commas', '"a,b",c\n', [['a,b', 'c']]],
    [
      'quoted quotes',
      '"a ""b""",c\n"""",d\n',
      [
        ['a "b"', 'c'],
        ['"', 'd'],
      ],
    ],
    [
      'quoted line breaks',
      '"a\nb","c\r\nd"\ne,f\n',
      [
        ['a\nb', 'c\r\nd'],
        ['e', 'f'],
      ],
    ],
    [
      'empty fields',
      ',\n"",""\n',
      [
        ['', ''],
        ['', ''],
      ],
    ],
    ['too many and too few fields', 'a\nb,c,d\n', [['a'], ['b', 'c', 'd']]],
    ['spaces', ' a , b \n', [[' a ', ' b ']]],
    ['letters of many bytes', 'Zoë 🦊,ü@b\n', [['Zoë 🦊', 'ü@b']]],
    ['a bare quote', 'a"b,c\nd,e\n', [LATE_QUOTE, ['d', 'e']]],
    ['text after a quote', 'a,b\n"c"d,e\nf,g\n', [['a', 'b'], AFTER_QUOTE, ['f', 'g']]],
    [
      'an unclosed quote',
      'a,b\n"c,d\ne,f\ng,h\n',
      [['a', 'b'], NOT_CLOSED, ['e', 'f'], ['g', 'h']],
    ],
    ['an unclosed quote, then quotes', '"a,b\n"c",d\n', [AFTER_QUOTE, ['c', 'd']]],
    ['an unclosed quote at the end', 'a,b\n"c', [['a', 'b'], NOT_CLOSED]],
    [
      'malformed rows in a row',
      '"a\n"b\n"c"d\ne"\n',
      [AFTER_QUOTE, AFTER_QUOTE, AFTER_QUOTE, LATE_QUOTE],
    ],
    [
      'a malformed row behind blank lines',
      'a,b\n\r\n\nc"d\ne,f',
      [['a', 'b'], LATE_QUOTE, ['e', 'f']],
    ],
  ])('%s', async (_, file, expected) => {
    for (let size = 1; size <= file.length + 4; size += 1) {
      expect(await rowsOf(file, size), `in blocks of ${size}`).toEqual(expected);
    }
  });

  it('that are not UTF-8 are malformed, and no others', async () => {
    const file = Buffer.concat([
      Buffer.from('Zoë,a@b\n'),
      Buffer.from('Zoë,c@d\n', 'latin1'),
      Buffer.from('\ufffd,e@f\n'),
    ]);
    for (let size = 1; size <= file.length; size += 1) {
      expect(await rowsOf(file, size), `in blocks of ${size}`).toEqual([
        ['Zoë', 'a@b'],
        'the row is not valid UTF-8',
        ['\ufffd', 'e@f'],
      ]);
    }
  });
});

describe('the line on which a row begins is known,', () => {
  async function lines(file: string, size: number): Promise<number[]> {
    const all: number[] = [];
    for await (const chunk of parsedChunksOf(file, size)) {
      const places = placesOf(chunk);
      all.push(...chunk.rows.map((_, index) => places[index]?.line ?? chunk.start.lines + 1));
    }
    return all;
  }

  it('whatever is before it', async () => {
    const file = 'a,b\n\n"c\nd",e\r\n\r\nf"g,h\ni,j\n\n"k,l\nm,n';
    for (let size = 1; size <= file.length + 4; size += 1) {
      expect(await lines(file, size), `in blocks of ${size}`).toEqual([1, 3, 6, 7, 9, 10]);
    }
  });

  it('whatever line breaks are before it', async () => {
    const file = 'a,b\n\r\r\nc,d\n\r\ne,f\rg,h\r\n"i\rj",k\r\r\nl,m';
    for (let size = 1; size <= file.length + 4; size += 1) {
      expect(await lines(file, size), `in blocks of ${size}`).toEqual([1, 4, 6, 7, 8, 11]);
    }
  });

  it('behind a row that is too long', async () => {
    const file = `a,b\n\n${'x'.repeat(3 * 1024 * 1024)}\n\nc,d\n`;
    expect(await lines(file, 64 * 1024)).toEqual([1, 3, 5]);
  });
});

describe('an unclosed quote in a large file', () => {
  const rows = Array.from({ length: 200_000 }, (_, row) => `name ${row},${row}@example.com\n`);

  it('costs its own row alone', async () => {
    const file = `a,a@b\n"lost,lost@b\n${rows.join('')}`;
    const [first, second, ...others] = await rowsOf(file, 64 * 1024);
    expect([first, second]).toEqual([['a', 'a@b'], NOT_CLOSED]);
    expect(others).toHaveLength(rows.length);
    expect(others.at(-1)).toEqual(['name 199999', '199999@example.com']);
  });

  it.each([
    ['a quoted field', '"'],
    ['a line', ''],
  ])('costs one row when %s is longer than a row may be', async (_, quote) => {
    const long = `${quote}${'x'.repeat(3 * 1024 * 1024)}`;
    const all = await rowsOf(`a,b\n${long}\nc,d\ne,f\n`, 64 * 1024);
    expect(all).toEqual([
      ['a', 'b'],
      'the row is longer than 1048576 bytes',
      ['c', 'd'],
      ['e', 'f'],
    ]);
  });

  it('may come again and again', async () => {
    const file = rows
      .map((row, index) => (index % 1_000 === 0 ? `"lost,l@b\n${row}` : row))
      .join('');
    const all = await rowsOf(file, 64 * 1024);
    expect(all.filter((row) => typeof row === 'string')).toHaveLength(200);
    expect(all).toHaveLength(rows.length + 200);
  });
});

it('rows without quotes are what csv-parse makes of them', async () => {
  const pieces = ['a', 'é', ' ', ',', ',', '\n', '\r\n', '\r', '\t', '\ufeff'];
  let state = 1;
  const random = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  for (let round = 0; round < 500; round += 1) {
    const text = `x${Array.from({ length: random(40) }, () => pieces[random(pieces.length)]).join('')}`;
    const expected = parse(text, {
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      skip_empty_lines: true,
    });
    expect(await rowsOf(text, 1 + random(50)), JSON.stringify(text)).toEqual(expected);
  }
});
