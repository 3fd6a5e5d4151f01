import { isUtf8 } from 'node:buffer';
import { FatalError } from './errors.ts';
import { readNamed } from './files.ts';

/**
 * Gives a password as it is when a connection is made. It throws a FatalError when it can't be read.
 */
export type Password = () => string | Promise<string>;

/**
 * A password that a file holds, such as a secret of Docker or Kubernetes. It is read at each
 * connect, so that it may be replaced; one line end behind it is none of it.
 *
 * @param flag what names the file, for messages.
 */
export function passwordInFile(flag: string, path: string): Password {
  return () => {
    const bytes = readNamed(flag, path);
    if (!isUtf8(bytes)) throw new FatalError(`${flag} ${path} is not UTF-8`);
    const password = bytes.toString().replace(/\r?\n$/, '');
    if (password === '') throw new FatalError(`${flag} ${path} is empty: it must hold a password`);
    return password;
  };
}
