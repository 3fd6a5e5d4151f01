import { rename, rm, writeFile } from 'node:fs/promises';
import { codeOf, FatalError, messageOf } from '@csv2db/libs/errors.ts';

const PROBLEMS: Record<string, string> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'there is no such folder',
  EACCES: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
};

/**
 * Replaces a file for the textfile collector of node_exporter as a whole: a scrape finds the old
 * one or the new one. It is written under a name that the collector passes over.
 *
 * @throws FatalError when it can't be written.
 */
export async function writeTextfile(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${process.pid}`;
  try {
    await writeFile(unfinished, text);
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {});
    const why = PROBLEMS[codeOf(error) ?? ''] ?? messageOf(error);
    throw new FatalError(`--metrics-file ${path} can't be written: ${why}`, { cause: error });
  }
}
