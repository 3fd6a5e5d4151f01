import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { FatalError } from '@csv2db/libs/errors.ts';
import { CONTACT_COLUMNS } from '@csv2db/libs/message.ts';
import { boolean, text } from '@csv2db/libs/options/values.ts';
import type { RejectsPlace } from './rejects/place.ts';
import { type ColumnWish, columnWishes } from './source/columns.ts';
import { ENCODINGS } from './source/encoding.ts';
import type { ValueRules } from './values.ts';

/** The flags about the files, and what is made of their rows. */
export const FILE_OPTIONS = {
  file: new Option(
    '--file <path>',
    'path of a CSV file, or a pattern in quotes; again for more; a dash for standard input',
  )
    .env('FC_PRODUCER_FILE')
    .argParser(oneMore),
  columns: new Option(
    '--columns <names>',
    'columns to send; name="Full Name" or name=3 says where one is',
  )
    .env('FC_PRODUCER_COLUMNS')
    .default<ColumnWish[]>(columnWishes(CONTACT_COLUMNS.join(',')), CONTACT_COLUMNS.join(','))
    .argParser(columnWishes),
  header: new Option('--header <which>', 'whether the first row names the columns; auto looks')
    .env('FC_PRODUCER_HEADER')
    .choices(['auto', 'yes', 'no'] as const)
    .default('auto' as const),
  delimiter: new Option(
    '--delimiter <character>',
    'what separates fields, or tab; auto looks for , ; tab and |',
  )
    .env('FC_PRODUCER_DELIMITER')
    .default('auto', 'auto')
    .argParser(delimiter),
  quote: new Option('--quote <character>', 'what stands around fields, or none')
    .env('FC_PRODUCER_QUOTE')
    .default('"', '"')
    .argParser(quote),
  encoding: new Option(
    '--encoding <name>',
    'encoding of the text; auto finds UTF-16, and else takes it for UTF-8',
  )
    .env('FC_PRODUCER_ENCODING')
    .choices(['auto', ...ENCODINGS] as const)
    .default('auto' as const),
  rules: new Option(
    '--rules <which>',
    'contact: a name and a valid email have to be there; or none (default: contact where the columns are name and email)',
  )
    .env('FC_PRODUCER_RULES')
    .choices(['contact', 'none'] as const),
  trim: new Option('--trim [boolean]', 'take white space around fields off')
    .env('FC_PRODUCER_TRIM')
    .default(false)
    .preset('true')
    .argParser(boolean),
  null: new Option('--null <text>', 'what a field is that is NULL')
    .env('FC_PRODUCER_NULL')
    .default('', 'an empty field'),
  rejects: new Option('--rejects <path>', 'file for rejected rows, or none')
    .env('FC_PRODUCER_REJECTS')
    .default<RejectsPlace>({ kind: 'beside' }, 'beside each file: FILE.rejects.csv')
    .argParser(rejectsPlace),
  dryRun: new Option('--dry-run [boolean]', 'read and check everything, and send nothing')
    .env('FC_PRODUCER_DRY_RUN')
    .default(false)
    .preset('true')
    .argParser(boolean),
};

/** @throws FatalError when the rules are of columns that are not there. */
export function rulesOf(options: {
  columns: readonly ColumnWish[];
  rules?: 'contact' | 'none' | undefined;
  trim: boolean;
  null: string;
}): ValueRules {
  const names = options.columns.map(({ name }) => name);
  const missing = CONTACT_COLUMNS.find((name) => !names.includes(name));
  if (options.rules === 'contact' && missing !== undefined) {
    throw new FatalError(
      `--rules contact is about name and email, and --columns has no ${missing}`,
    );
  }
  const isContact = missing === undefined && names.length === CONTACT_COLUMNS.length;
  const rules = options.rules ?? (isContact ? 'contact' : 'none');
  return { checksContacts: rules === 'contact', isTrimmed: options.trim, nullText: options.null };
}

/** A value of a flag that may be there several times. */
function oneMore(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text(value)];
}

/** `auto`, `tab`, or a character. */
function delimiter(value: string): string {
  if (value === 'auto') return value;
  return character(value === 'tab' || value === '\\t' ? '\t' : value);
}

/** `none`, or a character. */
function quote(value: string): string {
  return value === 'none' ? value : character(value);
}

/** Rows are told apart by bytes: a character that has several could be in the middle of others. */
function character(value: string): string {
  if (/^[\t\x20-\x7e]$/.test(value)) return value;
  throw new InvalidArgumentError('It must be one printable ASCII character.');
}

function rejectsPlace(value: string): RejectsPlace {
  return value === 'none' ? { kind: 'none' } : { kind: 'path', path: text(value) };
}
