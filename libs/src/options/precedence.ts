import { FatalError } from '../errors.ts';
import { type Password, passwordInFile } from '../password.ts';

/** A setting, as it was given in one of several ways. */
export interface Given<T> {
  value: T;
  /** What it was given by, for messages. */
  flag: string;
  /** How much it counts; see `RANK`. */
  rank: number;
}

/** What is on the command line counts more than a variable, and that more than what others set. */
export const RANK = {
  flag: 4,
  variable: 3,
  foreignVariable: 2,
  foreignFile: 1,
  default: 0,
} as const;

/** Where commander has the value of an option from. */
export type SourceOf = (name: string) => string | undefined;

/** Tells how the options of a command were given. */
export function givenBy<Options extends object>(options: Options, sourceOf: SourceOf) {
  return <Name extends string & keyof Options>(name: Name): Given<Options[Name]> => {
    const source = sourceOf(name);
    const fromVariable = source === 'env' ? RANK.variable : RANK.default;
    return {
      value: options[name],
      flag: `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
      rank: source === 'cli' ? RANK.flag : fromVariable,
    };
  };
}

/** A part of something that was given, such as a URL; undefined where that was not. */
export function partOf<T, Part>(
  given: Given<T | undefined>,
  part: (value: T) => Part,
): Given<Part | undefined> {
  const { value } = given;
  return { ...given, value: value === undefined ? undefined : part(value) };
}

/** What counts most of a setting that was given in several ways; of equals, the first. */
export function strongest<T>(
  first: Given<T>,
  ...others: readonly Given<T | undefined>[]
): Given<T> {
  let best = first;
  for (const { value, ...given } of others) {
    const isBetter = given.rank > best.rank || best.value === undefined;
    if (value !== undefined && isBetter) best = { value, ...given };
  }
  return best;
}

/**
 * The password of an option, or that in the file that another option names.
 *
 * @throws FatalError when both are given in the same way.
 */
export function ownPassword(
  password: Given<string>,
  file: Given<string | undefined>,
): Given<Password> {
  if (password.rank === file.rank && file.value !== undefined) {
    throw new FatalError(`${password.flag} and ${file.flag} exclude each other: give one of them`);
  }
  return strongest(
    { ...password, value: () => password.value },
    partOf(file, (path) => passwordInFile(file.flag, path)),
  );
}

/** The flags that some settings were given by, for a message. */
export function flagsOf(...all: readonly Given<unknown>[]): string {
  return [...new Set(all.map(({ flag }) => flag))].join(' and ');
}
