import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { FatalError } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import { glob, isDynamicPattern } from 'tinyglobby';
import { folder, isStdin, unreadable } from './open.ts';

/** A file that is to be read. */
export interface FoundFile {
  /** As it was named. */
  name: string;
  /** Without links, the same for all its names; the name of what is no regular file. */
  path: string;
  /** What tells it from other files: device and inode. */
  identity: string;
  /** Whether it can be read again. */
  isRegular: boolean;
  /** Its size; undefined of what is no regular file. */
  bytes?: number | undefined;
}

/**
 * The files that values of `--file` name, in that order. A value that is no file's name, and has
 * wildcards, names all files that fit, by name. What begins with a dot, and
 * rejected rows of others, are named by none.
 *
 * A file that is named twice, as by two patterns or by a link, is taken once, with a warning: where
 * the table has no unique constraint, its rows would be stored twice. So who wants that makes a copy.
 *
 * @throws FatalError for the first that is not there, is a folder, can't be read, or can be read
 * only once and is named twice.
 */
export async function findFiles(values: readonly string[], log: Logger): Promise<FoundFile[]> {
  const names = (await Promise.all(values.map(expand))).flat();
  const found = new Map<string, FoundFile>();
  for (const name of names) {
    const file = await checked(name);
    const other = found.get(file.identity);
    if (other === undefined) {
      found.set(file.identity, file);
    } else if (file.isRegular) {
      log.warn(`--file ${name} is the same file as ${other.name}: it is read once`);
    } else {
      throw new FatalError(
        `--file ${name} can be read only once, and is named twice: name it once`,
      );
    }
  }
  return [...found.values()];
}

/** What `RejectsFile` writes beside files. */
const REJECTS = /\.rejects(-\d+)?\.csv$/;

async function expand(value: string): Promise<string[]> {
  if (isStdin(value) || !isDynamicPattern(value) || (await isThere(value))) return [value];
  const found = await glob(value, { absolute: isAbsolute(value), expandDirectories: false });
  const names = found.filter((name) => !REJECTS.test(name));
  if (names.length === 0) {
    throw new FatalError(`--file ${value}: there is no such file, and as a pattern it fits none`);
  }
  return names.toSorted();
}

async function isThere(name: string): Promise<boolean> {
  return stat(name).then(
    () => true,
    () => false,
  );
}

/** What tells a file from others, once it is known to be readable. It is not opened: a pipe's writer would notice. */
async function checked(name: string): Promise<FoundFile> {
  if (isStdin(name)) return { name, path: name, identity: '-', isRegular: false };
  try {
    await access(name, constants.R_OK);
    const stats = await stat(name, { bigint: true });
    if (stats.isDirectory()) throw folder(name);
    const isRegular = stats.isFile();
    const path = isRegular ? await realpath(name) : name;
    const bytes = isRegular ? Number(stats.size) : undefined;
    return { name, path, identity: `${stats.dev}:${stats.ino}`, isRegular, bytes };
  } catch (error) {
    throw error instanceof FatalError ? error : unreadable(name, error);
  }
}
