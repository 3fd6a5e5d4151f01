import { findRows } from '@csv2db/libs/csv/bounds.ts';
import type { Dialect } from '@csv2db/libs/csv/dialect.ts';
import type { Layout } from '../source/layout.ts';
import type { Reject } from '../validate.ts';

/** The columns that are added to those of the file. */
const ADDED = ['line', 'reason'];

/** The header of rejected rows: that of their file, so that it can be imported in the same way. */
export function rejectsHeader({ names, dialect }: Layout): Buffer {
  return Buffer.from(
    `${[...names, ...ADDED].map((name) => toField(name, dialect)).join(dialect.delimiter)}\n`,
  );
}

/**
 * A rejected row as it was, then its line and the reason. One whose quotes are broken would swallow
 * those: it is the text of the first field.
 */
export function rejectRecord({ place, reason, value }: Reject, { dialect, width }: Layout): Buffer {
  const { delimiter } = dialect;
  const raw = place?.raw ?? Buffer.alloc(0);
  const { bounds } = findRows(raw, true, Infinity, dialect);
  const isWhole = bounds.length === 1 && bounds[0]?.problem === undefined;
  const row = isWhole
    ? raw
    : Buffer.from(toField(raw.toString(), dialect) + delimiter.repeat(width - 1));
  const why = value === undefined ? reason : `${reason}: ${value}`;
  const added = [`${place?.line ?? ''}`, toField(why, dialect)].join(delimiter);
  return Buffer.concat([row, Buffer.from(`${delimiter}${added}\n`)]);
}

function toField(text: string, { delimiter, quote }: Dialect): string {
  if (quote === undefined) return text.replaceAll(/[\r\n]/g, ' ').replaceAll(delimiter, ' ');
  const isPlain = ![delimiter, quote, '\r', '\n'].some((character) => text.includes(character));
  return isPlain ? text : quote + text.replaceAll(quote, quote + quote) + quote;
}
