import * as fs from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { isatty, ReadStream } from 'node:tty';
import { promisify } from 'node:util';
import { codeOf, FatalError, messageOf } from '@csv2db/libs/errors.ts';

const [open, close, fstat] = [promisify(fs.open), promisify(fs.close), promisify(fs.fstat)];
const read = promisify(fs.read);

/** Names of standard input. A socket is among what it can be, and can't be opened by a path. */
const STDIN = ['-', '/dev/stdin', '/dev/fd/0', '/proc/self/fd/0'];

const PROBLEMS: Record<string, string> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'permission denied',
  ENXIO: 'it is a socket, or a device that is not there',
};

/** What identifies the content of a file, as far as its file system tells. */
export interface FileState {
  device: string;
  inode: string;
  size: number;
  /** When it was last written to, in nanoseconds. */
  modified: bigint;
}

/** A file that is open for reading. */
export interface Source {
  /** What it is called in messages. */
  name: string;
  /** Its descriptor; what it stands for does not change when another file takes its name. */
  fd: number;
  /** A regular file. Anything else, such as a pipe, can be read once, from its start. */
  isRegular: boolean;
  /** Its state when it was opened. */
  opened: FileState;
  /** Its state now. */
  state(): Promise<FileState>;
  /**
   * What is in it from so many bytes on.
   *
   * @throws FatalError when reading fails; something else when the signal is aborted.
   */
  read(from: number, blockSize: number, signal: AbortSignal): AsyncIterable<Buffer>;
  close(): Promise<void>;
}

export function isStdin(name: string): boolean {
  return STDIN.includes(name);
}

/**
 * Opens a file, a device, a named pipe, or standard input (`-`).
 *
 * @throws FatalError when it can't be read.
 */
export async function openSource(name: string): Promise<Source> {
  const isInput = isStdin(name);
  const fd = isInput ? process.stdin.fd : await openForReading(name);
  const stats = await fstat(fd);
  if (stats.isDirectory()) throw folder(name);
  const isRegular = stats.isFile() && !isInput;
  const state = async (): Promise<FileState> => {
    const { dev, ino, size, mtimeNs } = await fstat(fd, { bigint: true });
    return { device: `${dev}`, inode: `${ino}`, size: Number(size), modified: mtimeNs };
  };
  // read without a thread that waits in the system call, which nothing could stop
  const stream = (): Readable | undefined => {
    if (isInput) return process.stdin;
    if (stats.isFIFO()) return new Socket({ fd, readable: true, writable: false });
    return isatty(fd) ? new ReadStream(fd) : undefined;
  };
  return {
    name,
    fd,
    isRegular,
    opened: await state(),
    state,
    async *read(from, blockSize, signal) {
      try {
        const readable = stream();
        const blocks = readable
          ? addAbortSignal(signal, readable)
          : readBlocks(fd, isRegular ? from : null, blockSize, signal);
        for await (const block of blocks) yield bytesOf(block);
      } catch (error) {
        if (signal.aborted) throw error;
        throw new FatalError(`reading ${name} failed: ${messageOf(error)}`, { cause: error });
      }
    },
    close: async () => {
      // anything else is a stream's, which closes it
      if (isRegular) await close(fd);
    },
  };
}

/** Reads from a position on; from the current one when it is null. */
async function* readBlocks(
  fd: number,
  from: number | null,
  size: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  for (let position = from; ;) {
    signal.throwIfAborted();
    const { buffer, bytesRead } = await read(fd, Buffer.allocUnsafe(size), 0, size, position);
    if (bytesRead === 0) return;
    if (position !== null) position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** A named pipe without a writer is opened at once, too, and waited for when it is read. */
async function openForReading(name: string): Promise<number> {
  try {
    return await open(name, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
  } catch (error) {
    throw unreadable(name, error);
  }
}

/** What is wrong with naming a folder. */
export function folder(name: string): FatalError {
  return new FatalError(`--file ${name} is a folder: name a CSV file, or "${join(name, '*.csv')}"`);
}

/** Why a file can't be read, in words. */
export function unreadable(name: string, error: unknown): FatalError {
  const why = PROBLEMS[codeOf(error) ?? ''] ?? messageOf(error);
  return new FatalError(`--file ${name} can't be read: ${why}`, { cause: error });
}

/** A block of a stream, which may give anything. */
export function bytesOf(block: unknown): Buffer {
  if (Buffer.isBuffer(block)) return block;
  throw new Error('a stream of bytes gave something else');
}
