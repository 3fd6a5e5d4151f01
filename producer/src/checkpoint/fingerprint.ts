import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';

/** Bytes of a sample. */
const SAMPLE = 64 * 1024;

/**
 * What tells whether a file is the one that was read up to some byte: its size, and SHA-256 of its
 * first 64 KiB and of the 64 KiB on either side of that byte.
 *
 * A file that was edited, re-exported or re-ordered differs in its size, its head, or where reading
 * stopped. The rest is not read: for a file of many gigabytes that would take as long as importing
 * it, and a file changed only there, in place and to the same length, is still imported whole; the
 * rows before the byte are taken as they were then.
 */
export interface Fingerprint {
  size: number;
  head: string;
  around: string;
}

/** @param bytes where reading stopped. */
export async function fingerprint(path: string, bytes: number): Promise<Fingerprint> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const start = Math.max(0, bytes - SAMPLE);
    return {
      size,
      head: await hash(file, 0, Math.min(SAMPLE, size)),
      around: await hash(file, start, bytes + SAMPLE - start),
    };
  } finally {
    await file.close();
  }
}

async function hash(file: FileHandle, position: number, length: number): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex');
}
