import { write } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { codeOf, FatalError, messageOf } from '@csv2db/libs/errors.ts';

const STDOUT = 1;

/** Whoever read the output has had enough, as "| head" has: the work ends, and is done. */
export class ReaderGoneError extends Error {
  override name = 'ReaderGoneError';
}

/**
 * Writes a line to standard output; it is out when this resolves, and the process goes on with all else while a slow
 * reader makes it wait.
 *
 * @throws ReaderGoneError when nobody reads it any more.
 * @throws FatalError when it can't be written, as on a full disk.
 */
export async function print(line: string): Promise<void> {
  let rest = Buffer.from(`${line}\n`);
  while (rest.length > 0) {
    try {
      const { bytesWritten } = await promisify(write)(STDOUT, rest);
      rest = rest.subarray(bytesWritten);
    } catch (error) {
      if (codeOf(error) === 'EPIPE') throw new ReaderGoneError('nobody reads standard output');
      if (codeOf(error) !== 'EAGAIN') {
        throw new FatalError(`standard output can't be written: ${messageOf(error)}`);
      }
      // a pipe that is full, and that another process has set not to block
      await pause(10);
    }
  }
}
