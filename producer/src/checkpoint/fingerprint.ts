import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { promisify } from 'node:util';
import type { Source } from '../source/open.ts';

/** Bytes of a sample. */
const SAMPLE = 64 * 1024;

/**
 * What tells whether a file is the one that was read up to some byte: its device and inode, its
 * size, and SHA-256 of its first 64 KiB and of the 64 KiB on either side of that byte.
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

/** @param bytes where reading stopped. */
export async function fingerprint(source: Source, bytes: number): Promise<Fingerprint> {
  const { device, inode, size } = await source.state();
  const start = Math.max(0, bytes - SAMPLE);
  return {
    device,
    inode,
    size,
    head: await hash(source.fd, 0, Math.min(SAMPLE, size)),
    around: await hash(source.fd, start, bytes + SAMPLE - start),
  };
}

/** How a file differs from the one that was fingerprinted; undefined when it does not. */
export function difference(now: Fingerprint, then: Fingerprint, row: number): string | undefined {
  if (now.size !== then.size) return `it has ${now.size} bytes, and had ${then.size}`;
  if (now.head !== then.head) return 'it begins differently';
  if (now.around !== then.around) return `it differs around row ${row}`;
  if (now.device !== then.device || now.inode !== then.inode) {
    return 'another file has taken its name';
  }
  return undefined;
}

async function hash(fd: number, position: number, length: number): Promise<string> {
  const { buffer, bytesRead } = await read(fd, Buffer.alloc(length), 0, length, position);
  return createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex');
}
