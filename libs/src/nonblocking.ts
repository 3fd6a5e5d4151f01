import { constants, openSync, writeSync } from 'node:fs';
import { codeOf } from './errors.ts';
import { onWriteError, STDOUT } from './stdout.ts';

const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;

/**
 * Opens the terminal that standard output is once more, as Node.js waits for a terminal whenever it
 * writes to it by `process.stdout`.
 *
 * @returns writes a text, and tells whether the terminal took it: not after Ctrl-S, for example.
 * Undefined where there is no /proc, or the terminal is another user's.
 */
export function openNonblocking(): ((text: string) => boolean) | undefined {
  const fd = descriptor();
  if (fd === undefined) return undefined;
  return (text) => {
    try {
      // a part of it will do, as it is drawn anew
      writeSync(fd, text);
      return true;
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') onWriteError(error);
      return false;
    }
  };
}

function descriptor(): number | undefined {
  try {
    return openSync(`/proc/self/fd/${STDOUT}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return undefined;
  }
}
