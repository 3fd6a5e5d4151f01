import { write } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { codeOf, FatalError, messageOf } from '@csv2db/libs/errors.ts';

const STDOUT = 1;
/** Characters that are written at a time. */
const AT_ONCE = 64 * 1024;

/** Whoever read the output has had enough, as "| head" has. */
class ReaderGoneError extends Error {
  override name = 'ReaderGoneError';
}

/** Takes a line, and what to write behind it: by default, a line feed. */
export type Print = (line: string, end?: string) => Promise<void>;

/**
 * Does work that prints lines to standard output, many at a time; all are out when this resolves.
 * While a slow reader makes it wait, the process does all else, as answering a broker that wants to
 * know whether it is alive. When nobody reads any more, the work ends early, and is done.
 *
 * @throws FatalError when standard output can't be written, as on a full disk.
 */
export async function printed(work: (print: Print) => Promise<void>): Promise<void> {
  let text = '';
  const flush = async (): Promise<void> => {
    let rest = Buffer.from(text);
    text = '';
    while (rest.length > 0) rest = rest.subarray(await writeSome(rest));
  };
  try {
    try {
      await work(async (line, end = '\n') => {
        text += line + end;
        if (text.length >= AT_ONCE) await flush();
      });
    } finally {
      await flush();
    }
  } catch (error) {
    if (!(error instanceof ReaderGoneError)) throw error;
  }
}

/** @returns the number of bytes that were written. */
async function writeSome(bytes: Buffer): Promise<number> {
  try {
    return (await promisify(write)(STDOUT, bytes)).bytesWritten;
  } catch (error) {
    if (codeOf(error) === 'EPIPE') throw new ReaderGoneError('nobody reads standard output');
    if (codeOf(error) !== 'EAGAIN') {
      throw new FatalError(`standard output can't be written: ${messageOf(error)}`);
    }
    // a pipe that is full, and that another process has set not to block
    await pause(10);
    return 0;
  }
}
