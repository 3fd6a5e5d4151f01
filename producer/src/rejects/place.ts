import { access, constants } from 'node:fs/promises';
import { dirname, format, parse } from 'node:path';
import { FatalError, messageOf } from '@csv2db/libs/errors.ts';
import type { Inputs } from '../source/inputs.ts';

/** Where rejected rows go: nowhere, to a file beside theirs, or to one file. */
export type RejectsPlace = { kind: 'none' } | { kind: 'beside' } | { kind: 'path'; path: string };

/** The names that a file of rejected rows may have beside theirs, in turn. */
export function* pathsBeside(name: string): Generator<string> {
  yield `${name}.rejects.csv`;
  for (let number = 2; ; number += 1) yield `${name}.rejects-${number}.csv`;
}

/** @throws FatalError when a file that was named can't be made, or is not for these. */
export async function checkPlace(path: string, { files }: Inputs): Promise<void> {
  if (files.length > 1) {
    throw new FatalError(
      `--rejects ${path} is one file, and each of ${files.length} files has rejects of its own`,
    );
  }
  if (await isThere(path)) throw taken(path);
  const folder = dirname(path);
  await access(folder, constants.W_OK).catch((error: unknown) => {
    throw new FatalError(`--rejects ${path}: ${folder} can't be written to: ${messageOf(error)}`);
  });
}

/**
 * Where more rejects go, of a run that can't write behind those of an earlier one; undefined where
 * that is the same place.
 */
export async function nextPlace(place: RejectsPlace): Promise<string | undefined> {
  if (place.kind !== 'path' || !(await isThere(place.path))) return undefined;
  const { dir, name, ext } = parse(place.path);
  for (let number = 2; ; number += 1) {
    const path = format({ dir, name: `${name}-${number}`, ext });
    if (!(await isThere(path))) return path;
  }
}

export async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

export function taken(path: string): FatalError {
  return new FatalError(`--rejects ${path} is there already: name another file`);
}
