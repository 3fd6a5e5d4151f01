import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Encoding,
  encodingOf,
  ENCODINGS,
  likelyEncoding,
  markLength,
  toUtf8,
} from '../../src/source/encoding.ts';
import { blocksOf, gathered } from './blocks.ts';

/** The bytes at which windows-1252 has something else than Latin-1. */
const BYTE_OF = new Map<string, number>(
  (
    [
      [0x80, '€'],
      [0x82, '‚'],
      [0x83, 'ƒ'],
      [0x84, '„'],
      [0x85, '…'],
      [0x86, '†'],
      [0x87, '‡'],
      [0x88, 'ˆ'],
      [0x89, '‰'],
      [0x8a, 'Š'],
      [0x8b, '‹'],
      [0x8c, 'Œ'],
      [0x8e, 'Ž'],
      [0x91, '‘'],
      [0x92, '’'],
      [0x93, '“'],
      [0x94, '”'],
      [0x95, '•'],
      [0x96, '–'],
      [0x97, '—'],
      [0x98, '˜'],
      [0x99, '™'],
      [0x9a, 'š'],
      [0x9b, '›'],
      [0x9c, 'œ'],
      [0x9e, 'ž'],
      [0x9f, 'Ÿ'],
    ] as const
  ).map(([byte, letter]) => [letter, byte]),
);

function encoded(text: string, encoding: Encoding): Buffer {
  switch (encoding) {
    case 'utf-8':
      return Buffer.from(text);
    case 'utf-16le':
      return Buffer.from(text, 'utf16le');
    case 'utf-16be':
      return Buffer.from(text, 'utf16le').swap16();
    case 'latin1':
      return Buffer.from(text, 'latin1');
    case 'windows-1252':
      return Buffer.from(Array.from(text, (letter) => BYTE_OF.get(letter) ?? letter.charCodeAt(0)));
  }
}

const latin1 = fc.nat(255).map((byte) => String.fromCharCode(byte));

function lettersOf(encoding: Encoding): fc.Arbitrary<string> {
  if (encoding === 'windows-1252')
    return fc.oneof(
      fc.constantFrom(...BYTE_OF.keys()),
      latin1.filter((letter) => !/[\x80-\x9f]/.test(letter)),
    );
  if (encoding === 'latin1') return latin1;
  return fc.oneof(
    fc.string({ unit: 'binary', maxLength: 1 }),
    fc.constantFrom('😀', '\ufffd', '€'),
  );
}

const inBlocks = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });

describe('text of an encoding', () => {
  it.each(ENCODINGS)('%s is the same text in UTF-8, cut into any blocks', async (encoding) => {
    const text = fc.array(lettersOf(encoding), { maxLength: 40 }).map((all) => all.join(''));
    await fc.assert(
      fc.asyncProperty(text, inBlocks, async (text, sizes) => {
        const bytes = encoded(text, encoding);
        const utf8 = await gathered(toUtf8(blocksOf(bytes, ...sizes), encoding));
        expect(utf8.toString()).toBe(text);
      }),
      { numRuns: 2_000, seed: 1 },
    );
  });

  it.each<[string, Encoding, number[], string]>([
    ['the second half of a pair alone', 'utf-16le', [0x61, 0, 0, 0xdc, 0x62, 0], 'a\xffb'],
    ['the first half of a pair alone', 'utf-16le', [0x61, 0, 0, 0xd8, 0x62, 0], 'a\xffb'],
    ['two first halves', 'utf-16be', [0xd8, 0, 0xd8, 0, 0, 0x62], '\xff\xffb'],
    ['a first half at the end', 'utf-16be', [0, 0x61, 0xd8, 0], 'a\xff'],
    ['an odd last byte', 'utf-16le', [0x61, 0, 0x62], 'a\xff'],
    [
      'a byte that is undefined',
      'windows-1252',
      [0x61, 0x81, 0x8d, 0x8f, 0x90, 0x9d],
      'a\xff\xff\xff\xff\xff',
    ],
  ])('has the byte FF for %s, in any blocks', async (_, encoding, bytes, expected) => {
    for (const size of [1, 2, 3, 99]) {
      const utf8 = await gathered(toUtf8(blocksOf(Buffer.from(bytes), size), encoding));
      expect(utf8.toString('latin1')).toBe(expected);
    }
  });

  it('never has U+FFFD for anything that it lacks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom('utf-16le', 'utf-16be', 'windows-1252', 'latin1'),
        inBlocks,
        async (raw, encoding: Encoding, sizes) => {
          const bytes = Buffer.from(raw);
          const utf8 = await gathered(toUtf8(blocksOf(bytes, ...sizes), encoding));
          const isWhole = !utf8.includes(0xff);
          expect(isUtf8(utf8)).toBe(isWhole);
          // then nothing is lost: it is what was read
          if (isWhole) expect(encoded(utf8.toString(), encoding)).toEqual(bytes);
        },
      ),
      { numRuns: 5_000, seed: 1 },
    );
  });
});

describe('the encoding of a file', () => {
  it.each<[string, Buffer, Encoding, number]>([
    ['a mark of UTF-8', Buffer.from('\ufeffJo,jo@example.org'), 'utf-8', 3],
    ['a mark of UTF-16LE', Buffer.from('\ufeffЖж', 'utf16le'), 'utf-16le', 2],
    ['a mark of UTF-16BE', Buffer.from('\ufeffЖж', 'utf16le').swap16(), 'utf-16be', 2],
    ['UTF-16LE without a mark', Buffer.from('Zoë,zoe@example.org', 'utf16le'), 'utf-16le', 0],
    ['UTF-16BE without a mark', Buffer.from('Zoë,z@e.org', 'utf16le').swap16(), 'utf-16be', 0],
    ['ASCII', Buffer.from('Jo,jo@example.org'), 'utf-8', 0],
    ['Latin-1', Buffer.from('Zoë,zoe@example.org', 'latin1'), 'utf-8', 0],
    ['nothing', Buffer.alloc(0), 'utf-8', 0],
    ['NUL alone', Buffer.alloc(100), 'utf-8', 0],
  ])('that begins with %s', (_, head, encoding, mark) => {
    expect(encodingOf(head)).toBe(encoding);
    expect(markLength(head, encoding)).toBe(mark);
  });

  it.each<[string, Buffer, Encoding | undefined]>([
    ['Western European', Buffer.from('Zoë Müller,zoe@example.org\n', 'latin1'), 'windows-1252'],
    [
      'names with typographic quotes',
      Buffer.from('\x93Jo\x94,jo@example.org', 'latin1'),
      'windows-1252',
    ],
    ['UTF-16', Buffer.from('Zoë,zoe@example.org\ud800', 'utf16le'), 'utf-16le'],
    ['Cyrillic', Buffer.from([0xc8, 0xe2, 0xe0, 0xed, 0x2c, 0x61, 0x40, 0x62]), undefined],
    [
      'Shift-JIS',
      Buffer.from([0x8e, 0x52, 0x93, 0x63, 0x91, 0xbe, 0x98, 0x59, 0x2c, 0x61, 0x40, 0x62]),
      undefined,
    ],
    ['of an old Mac', Buffer.from('Zo\x91 M\x9fller \x8f,zoe@example.org', 'latin1'), undefined],
    ['ASCII', Buffer.from('Jo'), undefined],
  ])('is guessed where it is not UTF-8: %s', (_, bytes, encoding) => {
    expect(likelyEncoding(bytes)).toBe(encoding);
  });
});
