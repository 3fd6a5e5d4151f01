import { isEmail } from '@csv2db/libs/contact.ts';
import { CR, LF } from '@csv2db/libs/csv/bounds.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import { byteOrder } from './encoding.ts';
import { FormatError, refuseForeign } from './foreign.ts';

export { FormatError };

/** What files of other formats begin with. */
const SIGNATURES: readonly [bytes: readonly number[], format: string][] = [
  [[0xff, 0xfe], 'UTF-16 text: convert it to UTF-8, as with "iconv -f UTF-16 -t UTF-8"'],
  [[0xfe, 0xff], 'UTF-16 text: convert it to UTF-8, as with "iconv -f UTF-16 -t UTF-8"'],
  [[0x1f, 0x8b], 'compressed with gzip: unpack it, as with "zcat"'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'compressed with zstd: unpack it, as with "zstdcat"'],
];

const OTHER_DELIMITERS: readonly [delimiter: string, name: string][] = [
  [';', 'semicolons'],
  ['\t', 'tabs'],
  ['|', 'vertical bars'],
];

/**
 * Passes the blocks of a file on, unless the first one shows that it is no CSV of this kind, where
 * every row would be rejected. Says so, too, where the first line seems to be a header.
 *
 * @throws FormatError that names the format and what to do.
 */
export async function* ofThisFormat(
  blocks: AsyncIterable<Buffer>,
  name: string,
  log: Logger,
): AsyncGenerator<Buffer> {
  let isFirst = true;
  for await (const block of blocks) {
    if (isFirst) {
      refuseForeign(block, name);
      const format = otherFormat(block);
      if (format !== undefined) throw new FormatError(`--file ${name} is ${format}`);
      if (hasHeader(block)) {
        log.warn(`the first line of ${name} seems to be a header: it is taken for a row`);
      }
    }
    isFirst = false;
    yield block;
  }
}

/**
 * What a file is that begins with these bytes, and what to do about it; undefined when it may be
 * CSV.
 */
export function otherFormat(head: Buffer): string | undefined {
  const signature = SIGNATURES.find(([bytes]) => bytes.every((byte, at) => head[at] === byte));
  if (signature) return signature[1];
  const order = byteOrder(head)?.slice(-2).toUpperCase();
  if (order) return `UTF-16 text: convert it to UTF-8, as with "iconv -f UTF-16${order} -t UTF-8"`;
  const firstCr = head.indexOf(CR);
  if (firstCr !== -1 && firstCr < head.length - 1 && !head.includes(LF)) {
    return `text whose lines end with carriage returns alone: convert it, as with "tr '\\r' '\\n'"`;
  }
  return otherDelimiter(head.toString('latin1'));
}

/** Whether emails are found by another delimiter, and none by commas. */
function otherDelimiter(text: string): string | undefined {
  const lines = text.split(/\r?\n/).slice(0, 1000);
  const fitting = (delimiter: string): number =>
    lines.filter((line) => {
      const cells = line.split(delimiter);
      return cells.length > 1 && cells.some((cell) => isEmail(cell.replaceAll(/^"|"$/g, '')));
    }).length;
  if (fitting(',') > 0) return undefined;
  const other = OTHER_DELIMITERS.find(([delimiter]) => fitting(delimiter) > lines.length / 3);
  return other && `separated by ${other[1]}: export it with commas`;
}

function hasHeader(head: Buffer): boolean {
  const lineBreak = head.indexOf(LF);
  const line = head.toString('utf8', 0, lineBreak === -1 ? head.length : lineBreak);
  return /^\ufeff?"?name"?,"?e-?mail"?\r?$/i.test(line);
}
