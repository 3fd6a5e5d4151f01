import { codeOf, FatalError, messageOf } from './errors.ts';
import { fail } from './exit.ts';

/**
 * Standard output. By its number, because `process.stdout` makes a pipe one that can't be waited
 * for.
 */
export const STDOUT = 1;

/**
 * When the reader of a pipe or the terminal is gone, the work goes on unseen; a full disk ends it.
 */
export function onWriteError(error: unknown): void {
  if (codeOf(error) === 'EPIPE' || codeOf(error) === 'EIO') return;
  fail(new FatalError(`standard output can't be written to: ${messageOf(error)}`));
}
