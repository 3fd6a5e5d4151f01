import { readFileSync } from 'node:fs';
import { codeOf, FatalError, messageOf } from './errors.ts';

const REASONS: Record<string, string> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
};

/**
 * The content of a small file that a flag names.
 *
 * @param flag what names it, for the message.
 * @throws FatalError when it can't be read.
 */
export function readNamed(flag: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const reason = REASONS[codeOf(error) ?? ''] ?? messageOf(error);
    throw new FatalError(`${flag} ${path} can't be read: ${reason}`, { cause: error });
  }
}
