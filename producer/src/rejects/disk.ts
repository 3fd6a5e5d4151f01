import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

const BLOCK = 1024 * 1024;

/** The digest of what was hashed so far, to which more can be added. */
export function digest(hash: Hash): string {
  return hash.copy().digest('hex');
}

/** The hash of the first bytes of a file. @throws Error when it has fewer. */
export async function hashOf(handle: FileHandle, bytes: number): Promise<Hash> {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes;) {
    const length = Math.min(BLOCK, bytes - at);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at);
    if (bytesRead === 0) throw new Error(`it has ${at} bytes, and had ${bytes}`);
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash;
}

/** Writes all bytes, in the place of what is there from a position on. */
export async function writeAt(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  await handle.truncate(position);
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position + at);
    at += bytesWritten;
  }
}
