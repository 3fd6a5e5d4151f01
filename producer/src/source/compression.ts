import { brotliDecompressSync, constants } from 'node:zlib';
import { CR } from '@csv2db/libs/csv/bounds.ts';
import { codeOf } from '@csv2db/libs/errors.ts';
import { encodingOf } from './encoding.ts';

/** The compressions that are taken off. */
export type Compression = 'gzip' | 'zstd' | 'brotli';

/** How much of its head has to be unpacked to tell that a file is brotli. */
const ENOUGH = 1024 * 1024;

const [TAB, SPACE] = [0x09, 0x20];

/**
 * How a file is compressed that begins with these bytes; undefined when it is not. Brotli has no
 * signature: it is what is no text itself, and what text comes out of.
 */
export function compressionOf(head: Buffer): Compression | undefined {
  return signatureOf(head) ?? (!isText(head) && isBrotli(head) ? 'brotli' : undefined);
}

/** How a file says by its first four bytes that it is compressed; undefined when it does not. */
export function signatureOf(head: Buffer): Compression | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  return isZstd(head) ? 'zstd' : undefined;
}

/** A frame, or one of users' own data, which may come first. */
function isZstd(head: Buffer): boolean {
  if (head.length < 4) return false;
  const magic = head.readUInt32LE();
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50;
}

function isBrotli(head: Buffer): boolean {
  try {
    const unpacked = brotliDecompressSync(head, {
      // a head is not all of it
      finishFlush: constants.BROTLI_OPERATION_FLUSH,
      maxOutputLength: ENOUGH,
    });
    return unpacked.length > 0 && isText(unpacked);
  } catch (error) {
    return codeOf(error) === 'ERR_BUFFER_TOO_LARGE';
  }
}

/** Whether a text may begin with these bytes: UTF-8, UTF-16, or one byte a letter. */
function isText(head: Buffer): boolean {
  const isControl = (byte: number): boolean => byte < TAB || (byte > CR && byte < SPACE);
  return encodingOf(head) !== 'utf-8' || !head.some(isControl) || isUtf8(head);
}

/** The last character may be cut off. */
function isUtf8(head: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}
