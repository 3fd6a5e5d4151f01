import { isEmail } from '@csv2db/libs/contact.ts';
import { CR, LF } from '@csv2db/libs/csv/bounds.ts';
import { FatalError } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';

/** A file of another format: there is nothing to go on with. */
export class FormatError extends FatalError {
  override name = 'FormatError';
}

/** What files of other formats begin with. */
const SIGNATURES: readonly [bytes: readonly number[], format: string][] = [
  [[0xff, 0xfe], 'UTF-16 text: convert it to UTF-8, as with "iconv -f UTF-16 -t UTF-8"'],
  [[0xfe, 0xff], 'UTF-16 text: convert it to UTF-8, as with "iconv -f UTF-16 -t UTF-8"'],
  [[0x1f, 0x8b], 'compressed with gzip: unpack it, as with "zcat"'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'compressed with zstd: unpack it, as with "zstdcat"'],
  [[0x42, 0x5a, 0x68], 'compressed with bzip2: unpack it, as with "bzcat"'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'compressed with xz: unpack it, as with "xzcat"'],
  [[0x50, 0x4b, 0x03, 0x04], 'a ZIP archive or an Excel workbook: unpack it, or export it as CSV'],
  [[0xd0, 0xcf, 0x11, 0xe0], 'an old Excel workbook: export it as CSV'],
  [[0x50, 0x41, 0x52, 0x31], 'a Parquet file: export it as CSV'],
  [[0x25, 0x50, 0x44, 0x46], 'a PDF: export it as CSV'],
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
  const order = byteOrder(head);
  if (order) return `UTF-16 text: convert it to UTF-8, as with "iconv -f UTF-16${order} -t UTF-8"`;
  const firstCr = head.indexOf(CR);
  if (firstCr !== -1 && firstCr < head.length - 1 && !head.includes(LF)) {
    return `text whose lines end with carriage returns alone: convert it, as with "tr '\\r' '\\n'"`;
  }
  return otherDelimiter(head.toString('latin1'));
}

/** The byte order of UTF-16 in Latin letters, of which every other byte is NUL. */
function byteOrder(head: Buffer): 'LE' | 'BE' | undefined {
  const bytes = [...head.subarray(0, 1024)];
  const isMostlyZero = (parity: number): boolean => {
    const half = bytes.filter((_, at) => at % 2 === parity);
    return half.length > 1 && half.filter((byte) => byte === 0).length > half.length / 2;
  };
  const [isBigEndian, isLittleEndian] = [isMostlyZero(0), isMostlyZero(1)];
  if (isBigEndian === isLittleEndian) return undefined;
  return isLittleEndian ? 'LE' : 'BE';
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
