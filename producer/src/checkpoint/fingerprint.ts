import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { promisify } from 'node:util';
import type { Source } from '../source/open.ts';

/** Bytes of a sample. */
const SAMPLE = 64 * 1024;

/**
 * What tells whether a file is the one that was read up to some byte: its device and inode, its
 * size, and SHA-256 of its first 64 KiB and of the 64 KiB on either side of that byte. Where that is
 * not known, as in a compressed file, it is the end of the file: what is compressed differs behind
 * any change, up to its end, and gzip ends with a checksum of all of it.
 *
 * A file that was replaced, edited, re-exported or re-ordered differs in one of them. The rest is
 * not read: for a file of many gigabytes that would take as long as importing it, and a file
 * changed only there, in place and to the same length, is still imported whole; the rows before the
 * byte are taken as they were then.
 */
export interface Fingerprint {
  device: string;
  inode: string;
  size: number;
  head: string;
  around: string;
}

const read = promisify(fs.read);

/** @param place the byte at which reading stopped, or the end of the file. */
export async function fingerprint(source: Source, place: number | 'end'): Promise<Fingerprint> {
  const { device, inode, size } = await source.state();
  const bytes = place === 'end' ? size : place;
  const start = Math.max(0, bytes - SAMPLE);
  return {
    device,
    inode,
    size,
    head: await hash(source.fd, 0, Math.min(SAMPLE, size)),
    around: await hash(source.fd, start, bytes + SAMPLE - start),
  };
}

/**
 * How a file differs from the one that was fingerprinted; undefined when it does not.
 *
 * @param row the last one that was read, or the end of the file: what the place was.
 */
export function difference(
  now: Fingerprint,
  then: Fingerprint,
  row: number | 'end',
): string | undefined {
  if (now.size !== then.size) return `it has ${now.size} bytes, and had ${then.size}`;
  if (now.head !== then.head) return 'it begins differently';
  if (now.around !== then.around) {
    return row === 'end' ? 'it ends differently' : `it differs around row ${row}`;
  }
  if (now.device !== then.device || now.inode !== then.inode) {
    return 'another file has taken its name';
  }
  return undefined;
}

async function hash(fd: number, position: number, length: number): Promise<string> {
  const { buffer, bytesRead } = await read(fd, Buffer.alloc(length), 0, length, position);
  return createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex');
}
