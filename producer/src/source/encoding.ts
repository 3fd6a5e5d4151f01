import { isAscii, transcode } from 'node:buffer';

/** The encodings that a file may have. */
export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'latin1'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** Stands where bytes are no character of their encoding: UTF-8 has no such byte. */
const NO_CHARACTER = 0xff;

/** What windows-1252 has at 80 to 9F, where Latin-1 has control characters; five are undefined. */
const WINDOWS_1252 = '€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ';

const MARKS: Record<Encoding, Buffer> = {
  'utf-8': Buffer.from([0xef, 0xbb, 0xbf]),
  'utf-16le': Buffer.from([0xff, 0xfe]),
  'utf-16be': Buffer.from([0xfe, 0xff]),
  'windows-1252': Buffer.alloc(0),
  latin1: Buffer.alloc(0),
};

/**
 * The encoding of a text that begins with these bytes: by its byte order mark; UTF-16 without one
 * where every other byte is NUL, as it is with Latin letters; otherwise UTF-8.
 */
export function encodingOf(head: Buffer): Encoding {
  const marked = ENCODINGS.find((encoding) => markLength(head, encoding) > 0);
  return marked ?? byteOrder(head) ?? 'utf-8';
}

/** How many bytes the byte order mark of an encoding takes at the start of a text; 0 without one. */
export function markLength(head: Buffer, encoding: Encoding): number {
  const mark = MARKS[encoding];
  return head.subarray(0, mark.length).equals(mark) ? mark.length : 0;
}

/** The byte order of UTF-16 in Latin letters, of which every other byte is NUL. */
function byteOrder(head: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  const bytes = [...head.subarray(0, 1024)];
  const isMostlyZero = (parity: number): boolean => {
    const half = bytes.filter((_, at) => at % 2 === parity);
    return half.length > 1 && half.filter((byte) => byte === 0).length > half.length / 2;
  };
  const [isBigEndian, isLittleEndian] = [isMostlyZero(0), isMostlyZero(1)];
  if (isBigEndian === isLittleEndian) return undefined;
  return isLittleEndian ? 'utf-16le' : 'utf-16be';
}

/**
 * What may be the encoding of a text that is not UTF-8; undefined where none of these fits.
 * Windows-1252 has all that Latin-1 can print, and fits where the bytes beyond ASCII are letters
 * and marks among more ASCII ones; in Cyrillic or Chinese text they prevail.
 */
export function likelyEncoding(bytes: Buffer): Encoding | undefined {
  const marked = encodingOf(bytes);
  if (marked !== 'utf-8') return marked;
  const letters = bytes.toString('latin1').replaceAll(/[^a-z\x80-\xff]/gi, '');
  const beyond = letters.replaceAll(/[a-z]/gi, '');
  const isUndefined = /[\x81\x8d\x8f\x90\x9d]/.test(beyond);
  return beyond !== '' && !isUndefined && beyond.length <= letters.length / 3
    ? 'windows-1252'
    : undefined;
}

/**
 * Turns text of an encoding into UTF-8. UTF-8 passes as it is. Of the others, each that is no
 * character (half of a surrogate pair, an odd last byte, one of the bytes that windows-1252 lacks)
 * becomes the byte FF, so that the result is not UTF-8 there.
 *
 * A byte order mark is a character like any other.
 */
export function toUtf8(blocks: AsyncIterable<Buffer>, encoding: Encoding): AsyncIterable<Buffer> {
  switch (encoding) {
    case 'utf-8':
      return blocks;
    case 'utf-16le':
    case 'utf-16be':
      return utf16ToUtf8(blocks, encoding === 'utf-16be');
    case 'windows-1252':
    case 'latin1':
      return singleBytesToUtf8(blocks, tableOf(encoding));
  }
}

async function* utf16ToUtf8(
  blocks: AsyncIterable<Buffer>,
  isBigEndian: boolean,
): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const block of blocks) {
    const bytes = rest.length === 0 ? block : Buffer.concat([rest, block]);
    let end = bytes.length - (bytes.length % 2);
    // the first half of a pair waits for the second one
    const high = bytes[isBigEndian ? end - 2 : end - 1];
    if (high !== undefined && high >= 0xd8 && high <= 0xdb) end -= 2;
    rest = Buffer.from(bytes.subarray(end));
    if (end === 0) continue;
    const units = bytes.subarray(0, end);
    yield unitsToUtf8(isBigEndian ? Buffer.from(units).swap16() : units);
  }
  if (rest.length > 0) yield Buffer.from([NO_CHARACTER]);
}

/** @param units whole units of UTF-16, the low byte first. */
function unitsToUtf8(units: Buffer): Buffer {
  try {
    return transcode(units, 'utf16le', 'utf8');
  } catch {
    return markSurrogates(units.toString('utf16le'));
  }
}

/** UTF-8 of text in which some surrogates are alone. */
function markSurrogates(text: string): Buffer {
  const parts = text
    .split(/\p{Surrogate}/u)
    .flatMap((part) => [Buffer.from([NO_CHARACTER]), Buffer.from(part)]);
  return Buffer.concat(parts.slice(1));
}

/** The UTF-8 of each byte, its first byte lowest. */
function tableOf(encoding: 'windows-1252' | 'latin1'): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    const printed = encoding === 'windows-1252' ? WINDOWS_1252[byte - 0x80] : undefined;
    if (printed === '\0') return NO_CHARACTER;
    const utf8 = Buffer.from(printed ?? String.fromCharCode(byte));
    return utf8.readUIntLE(0, utf8.length);
  });
}

async function* singleBytesToUtf8(
  blocks: AsyncIterable<Buffer>,
  table: Uint32Array,
): AsyncGenerator<Buffer> {
  let room = Buffer.alloc(0);
  for await (const block of blocks) {
    if (room.length < 3 * block.length) room = Buffer.allocUnsafeSlow(3 * block.length);
    yield isAscii(block) ? block : Buffer.from(room.subarray(0, mapBytes(block, table, room)));
  }
}

/**
 * Writes the UTF-8 of bytes. An index is three times as fast here as the iterator.
 *
 * @returns how long it is.
 */
function mapBytes(bytes: Buffer, table: Uint32Array, utf8: Buffer): number {
  let length = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    let left = table[bytes[at] ?? 0] ?? 0;
    do {
      utf8[length] = left & 0xff;
      length += 1;
      left >>>= 8;
    } while (left !== 0);
  }
  return length;
}
