import fc from 'fast-check';
import { type Encoded, encodingOfFile } from './encodings.ts';

/** How a file is made. */
export interface Form extends Encoded {
  delimiter: string;
  quote: string | undefined;
  header: Header;
  lineEnds: readonly string[];
  isGzip: boolean;
  /** Whether some fields are in quotes that need none. */
  isQuotedMore: boolean;
  /** Whether the delimiter is to be found out. */
  isAuto: boolean;
}

/** How the columns are found: as they stand, by place, or by the names of a header. */
export type Header =
  | 'none, as they stand'
  | 'none, of contacts'
  | 'none, by place'
  | 'by name'
  | 'by title'
  | 'by place';

export const form: fc.Arbitrary<Form> = fc
  .record({
    delimiter: fc.constantFrom(',', ';', '\t', '|', '^', ' '),
    quote: fc.constantFrom('"', '"', '"', "'", undefined),
    header: fc.constantFrom<Header[]>(
      'none, as they stand',
      'none, of contacts',
      'none, by place',
      'by name',
      'by title',
      'by place',
    ),
    lineEnds: fc.constantFrom(['\n'], ['\r\n'], ['\r'], ['\n', '\r\n', '\r', '\n\n', '\r\n\r\n']),
    isGzip: fc.boolean(),
    isQuotedMore: fc.boolean(),
    wishesAuto: fc.boolean(),
    encoded: encodingOfFile,
  })
  .map(({ encoded, wishesAuto, ...rest }) => ({
    ...encoded,
    ...rest,
    // a header tells, or emails
    isAuto:
      wishesAuto &&
      ',;\t|'.includes(rest.delimiter) &&
      (rest.header.startsWith('by') || rest.header.endsWith('contacts')),
  }));
