import type { Column, Facts, UniqueIndex } from './facts.ts';

/** What of a table says what tells duplicates. */
export interface KeyFacts extends Pick<Facts, 'kind' | 'indexes'> {
  columns: readonly Pick<Column, 'name' | 'hasDefault'>[];
}

/** What tells duplicates among rows of some columns. */
export interface Key {
  /** Whether a row can be one: otherwise no unique constraint is about these columns. */
  mayConflict: boolean;
  /**
   * What ON CONFLICT names, where exactly one constraint is about these columns: then it fails when
   * that is dropped, and what others refuse is an error. Undefined for any constraint.
   */
  target: readonly string[] | undefined;
  /**
   * The columns that two rows have in common when one is a duplicate; empty where that can't be said
   * of columns, and whole rows are compared: most duplicates are rows that were delivered twice.
   */
  columns: readonly string[];
}

/**
 * Finds out what tells duplicates among rows of some columns.
 *
 * A constraint is about them when it has one of them, or an expression. One that has none of them, as
 * a primary key with a sequence, meets a value twice only where something is wrong: that is an error.
 */
export function keyOf({ indexes, kind, columns: all }: KeyFacts, columns: readonly string[]): Key {
  // the constraints are those of the table beneath
  if (kind === 'v') return { mayConflict: true, target: undefined, columns: [] };
  const about = indexes.filter(
    (index) =>
      index.isValid && (!index.isPlain || index.columns.some((name) => columns.includes(name))),
  );
  const [only] = about;
  // what is unique in a partition alone can't be named, nor does it tell duplicates in others
  const isKey = ({ isPlain, isOfPartition }: UniqueIndex): boolean => isPlain && !isOfPartition;
  const isOnly = about.length === 1 && only !== undefined && isKey(only) && only.isImmediate;
  const hasDefault = (name: string): boolean =>
    all.some((column) => column.name === name && column.hasDefault);
  // what has a default is rarely what makes a row the one that it is
  const rank = (index: UniqueIndex): number =>
    Number(index.columns.some(hasDefault)) * 2 + Number(!index.isPrimary);
  const [best] = about
    .filter((index) => isKey(index) && index.columns.every((name) => columns.includes(name)))
    .sort((a, b) => rank(a) - rank(b));
  return {
    mayConflict: about.length > 0,
    target: isOnly ? only.columns : undefined,
    columns: best?.columns ?? [],
  };
}
