import { FatalError } from '@csv2db/libs/errors.ts';

/** A file of another format: there is nothing to go on with. */
export class FormatError extends FatalError {
  override name = 'FormatError';
}

/** What files begin with that can't be read here. */
const SIGNATURES: readonly [bytes: readonly number[], format: string][] = [
  [[0xff, 0xfe, 0, 0], 'UTF-32 text: convert it to UTF-8, as with "iconv -f UTF-32 -t UTF-8"'],
  [[0, 0, 0xfe, 0xff], 'UTF-32 text: convert it to UTF-8, as with "iconv -f UTF-32 -t UTF-8"'],
  [[0x42, 0x5a, 0x68], 'compressed with bzip2: unpack it, as with "bzcat"'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'compressed with xz: unpack it, as with "xzcat"'],
  [[0x50, 0x4b, 0x03, 0x04], 'a ZIP archive or an Excel workbook: unpack it, or export it as CSV'],
  [[0xd0, 0xcf, 0x11, 0xe0], 'an old Excel workbook: export it as CSV'],
  [[0x50, 0x41, 0x52, 0x31], 'a Parquet file: export it as CSV'],
  [[0x25, 0x50, 0x44, 0x46], 'a PDF: export it as CSV'],
];

/**
 * Lets pass what may be text, or compressed text.
 *
 * @param head how a file begins, as it is, or unpacked.
 * @throws FormatError that names the format and what to do.
 */
export function refuseForeign(head: Buffer, name: string): void {
  const format = foreignFormat(head);
  if (format !== undefined) throw new FormatError(`--file ${name} is ${format}`);
}

function foreignFormat(head: Buffer): string | undefined {
  if (head.length > 0 && head.every((byte) => byte === 0)) {
    return 'no text, it is filled with NUL: name a CSV file';
  }
  return SIGNATURES.find(([bytes]) => bytes.every((byte, at) => head[at] === byte))?.[1];
}
