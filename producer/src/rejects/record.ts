import { findRows } from '@csv2db/libs/csv/bounds.ts';
import type { Dialect } from '@csv2db/libs/csv/dialect.ts';
import type { Layout } from '../source/layout.ts';
import type { Reject } from '../validate.ts';

/** The columns that are added to those of the file. */
const ADDED = ['line', 'reason'];

/**
 * The header of rejected rows: that of their file, so that it can be imported in the same way.
 *
 * @param encoding of the file. The rows are in UTF-8; a byte order mark says so where that is not.
 */
export function rejectsHeader({ names, dialect }: Layout, encoding: string): Buffer {
  const taken = new Set(names.map((name) => name.trim().toLowerCase()));
  const added = ADDED.map((name) => (taken.has(name) ? `csv2db ${name}` : name));
  const record = [...names, ...added].map((name) => toField(name, dialect)).join(dialect.delimiter);
  return Buffer.from(`${encoding === 'utf-8' ? '' : '\ufeff'}${record}\n`);
}

/**
 * A rejected row as it was, then its line and the reason. One whose quotes are broken would swallow
 * those: it is the text of the first field. It has a field too few, so that it is rejected again
 * until it is mended.
 */
export function rejectRecord({ place, reason, value }: Reject, { dialect, width }: Layout): Buffer {
  const { delimiter } = dialect;
  const raw = place?.raw ?? Buffer.alloc(0);
  const { bounds } = findRows(raw, true, Infinity, dialect);
  const isWhole = bounds.length === 1 && bounds[0]?.problem === undefined;
  const fields = width === 1 ? 2 : width - 1;
  const row = isWhole
    ? raw
    : Buffer.from(toField(raw.toString(), dialect) + delimiter.repeat(fields - 1));
  const why = value === undefined ? reason : `${reason}: ${value}`;
  const added = [`${place?.line ?? ''}`, toField(why, dialect)].join(delimiter);
  return Buffer.concat([row, Buffer.from(`${delimiter}${added}\n`)]);
}

function toField(text: string, { delimiter, quote }: Dialect): string {
  if (quote === undefined) return text.replaceAll(/[\r\n]/g, ' ').replaceAll(delimiter, ' ');
  const isPlain = ![delimiter, quote, '\r', '\n'].some((character) => text.includes(character));
  return isPlain ? text : quote + text.replaceAll(quote, quote + quote) + quote;
}
