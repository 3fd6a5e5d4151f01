import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { FatalError } from '@csv2db/libs/errors.ts';
import { CONTACT_COLUMNS } from '@csv2db/libs/message.ts';
import { withDoubleDashes } from '@csv2db/libs/options/go-flags.ts';
import {
  dropEmptyVariables,
  queueConfig,
  serviceCommand,
} from '@csv2db/libs/options/service-command.ts';
import { durationOrForever, integer, type LogLevel, text } from '@csv2db/libs/options/values.ts';
import type { QueueConfig } from '@csv2db/libs/queue/address.ts';
import type { CheckpointPlace } from './checkpoint/store.ts';
import type { RejectsPlace } from './rejects/file.ts';
import type { RejectLimit } from './rejects/limit.ts';
import { type ColumnWish, columnWishes } from './source/columns.ts';
import { ENCODINGS } from './source/encoding.ts';
import type { InputWishes } from './source/inputs.ts';
import type { ValueRules } from './values.ts';

export interface ProducerConfig {
  /** Paths and patterns of the CSV files; - for standard input. */
  files: readonly string[];
  /** Names of the columns that are sent. */
  columns: readonly string[];
  input: InputWishes;
  rules: ValueRules;
  rejects: RejectsPlace;
  /** Whether to do everything but send. */
  isDryRun: boolean;
  /** Rows to leave out at the start of the import. */
  offset: number;
  /** Most rows to take. */
  limit: number;
  /** How many rows may be rejected before the import ends. */
  maxRejects: RejectLimit;
  /** Whether to go on where the last import of this file stood. */
  resume: boolean;
  /** Where that is kept. */
  checkpoint: CheckpointPlace;
  /** Number of workers. */
  parallel: number;
  queue: QueueConfig;
  /** Most rows in a message; with 1, a message is a row as the original sends it, in JSON. */
  rowsPerMessage: number;
  /** How long one outage of the broker may last, in milliseconds. */
  retryFor: number;
  /** Longest time to finish the work in hand when stopped, in milliseconds. */
  drainTimeout: number;
  logLevel: LogLevel;
  /** The arguments, with two dashes, for a command that goes on. */
  args: readonly string[];
}

/**
 * Reads flags and environment into a configuration. `--help`, `--version` and a wrong flag end the
 * process here.
 *
 * @throws FatalError when flags are missing, or exclude each other.
 */
export function readConfig(args: string[], version: string): ProducerConfig {
  dropEmptyVariables(process.env);
  const command = serviceCommand(
    'producer',
    'Streams the rows of CSV files into a durable RabbitMQ queue.',
    version,
  )
    .addOption(
      new Option(
        '--file <path>',
        'path of a CSV file, or a pattern in quotes; again for more; a dash for standard input',
      )
        .env('FC_PRODUCER_FILE')
        .argParser(oneMore),
    )
    .addOption(
      new Option(
        '--columns <names>',
        'columns to send; name="Full Name" or name=3 says where one is',
      )
        .env('FC_PRODUCER_COLUMNS')
        .default<ColumnWish[]>(columnWishes('name,email'), 'name,email')
        .argParser(columnWishes),
    )
    .addOption(
      new Option('--header <which>', 'whether the first row names the columns; auto looks')
        .env('FC_PRODUCER_HEADER')
        .choices(['auto', 'yes', 'no'] as const)
        .default('auto' as const),
    )
    .addOption(
      new Option('--delimiter <character>', 'what separates fields; auto looks for , ; tab and |')
        .env('FC_PRODUCER_DELIMITER')
        .default<string | undefined>(undefined, 'auto')
        .argParser(delimiter),
    )
    .addOption(
      new Option('--quote <character>', 'what stands around fields, or none')
        .env('FC_PRODUCER_QUOTE')
        .default<string | undefined>('"', '"')
        .argParser(quote),
    )
    .addOption(
      new Option(
        '--encoding <name>',
        'encoding of the text; auto is UTF-8 without a byte order mark',
      )
        .env('FC_PRODUCER_ENCODING')
        .choices(['auto', ...ENCODINGS] as const)
        .default('auto' as const),
    )
    .addOption(
      new Option('--rules <which>', 'contact: a name and a valid email must be there; or none')
        .env('FC_PRODUCER_RULES')
        .choices(['contact', 'none'] as const)
        .default(undefined, 'contact where the columns are name and email'),
    )
    .addOption(
      new Option('--trim [boolean]', 'take white space around fields off')
        .env('FC_PRODUCER_TRIM')
        .default(false)
        .preset('true')
        .argParser(boolean),
    )
    .addOption(
      new Option('--null <text>', 'what a field is that is NULL')
        .env('FC_PRODUCER_NULL')
        .default('', 'an empty field'),
    )
    .addOption(
      new Option('--rejects <path>', 'file for rejected rows, or none')
        .env('FC_PRODUCER_REJECTS')
        .default<RejectsPlace>({ kind: 'beside' }, 'beside each file: FILE.rejects.csv')
        .argParser(rejectsPlace),
    )
    .addOption(
      new Option('--dry-run [boolean]', 'read and check everything, and send nothing')
        .env('FC_PRODUCER_DRY_RUN')
        .default(false)
        .preset('true')
        .argParser(boolean),
    )
    .addOption(
      new Option('--offset <int>', 'rows to leave out at the start')
        .env('FC_PRODUCER_OFFSET')
        .default(0)
        .argParser(integer(0, Number.MAX_SAFE_INTEGER)),
    )
    .addOption(
      new Option('--limit <int>', 'most rows to take')
        .env('FC_PRODUCER_LIMIT')
        .default(Infinity, 'all')
        .argParser(integer(0, Number.MAX_SAFE_INTEGER)),
    )
    .addOption(
      new Option('--max-rejects <rows>', 'end when more rows are rejected: 10, or 5% of them')
        .env('FC_PRODUCER_MAX_REJECTS')
        .default<RejectLimit>({ rows: Infinity }, 'no limit')
        .argParser(rejectLimit),
    )
    .addOption(
      new Option(
        '--checkpoint <where>',
        'where to keep how far the import is: file:PATH, redis://HOST:PORT/DB, rediss://…, or none',
      )
        .env('FC_PRODUCER_CHECKPOINT')
        .default<CheckpointPlace>({ kind: 'state folder' }, "a file in the user's state folder")
        .argParser(checkpointPlace),
    )
    .addOption(
      new Option('--resume [boolean]', 'go on where the last import of these files stood')
        .env('FC_PRODUCER_RESUME')
        .default(false)
        .preset('true')
        .argParser(boolean),
    )
    .addOption(
      new Option('--rows-per-message <int>', 'most rows in a message; above 1, it is CSV')
        .env('FC_PRODUCER_ROWS_PER_MESSAGE')
        .default(1)
        .argParser(integer(1, 100_000)),
    )
    .addOption(
      new Option('--retry-for <duration>', 'longest outage of the queue to wait for, or forever')
        .env('FC_PRODUCER_RETRY_FOR')
        .default(300_000, '5m')
        .argParser(durationOrForever),
    );
  const dashed = withDoubleDashes(args, [command]);
  const options = command.parse(dashed, { from: 'user' }).opts();
  if (options.rejects.kind === 'path' && (options.file?.length ?? 0) > 1) {
    throw new FatalError('--rejects names one file, and each --file has rejects of its own');
  }
  if (options.file === undefined) {
    throw new FatalError('--file (FC_PRODUCER_FILE) is missing: name the CSV file to read');
  }
  const rules = rulesOf(options);
  if (options.resume && options.offset > 0) {
    throw new FatalError('--resume and --offset exclude each other: both say where to begin');
  }
  if (options.resume && options.checkpoint.kind === 'none') {
    throw new FatalError('--resume needs a checkpoint, and --checkpoint is none');
  }
  return {
    files: options.file,
    columns: options.columns.map(({ name }) => name),
    input: {
      columns: options.columns,
      header: options.header,
      delimiter: options.delimiter,
      quote: options.quote,
      encoding: options.encoding,
    },
    rules,
    rejects: options.rejects,
    isDryRun: options.dryRun,
    offset: options.offset,
    limit: options.limit,
    maxRejects: options.maxRejects,
    resume: options.resume,
    checkpoint: options.checkpoint,
    parallel: options.parallel,
    queue: queueConfig(options),
    rowsPerMessage: options.rowsPerMessage,
    retryFor: options.retryFor,
    drainTimeout: options.drainTimeout,
    logLevel: options.logLevel,
    args: dashed,
  };
}

/** A value of a flag that may be there several times. */
function oneMore(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text(value)];
}

/** `auto`, `tab`, or a character. */
function delimiter(value: string): string | undefined {
  if (value === 'auto') return undefined;
  return character(value === 'tab' || value === '\\t' ? '\t' : value);
}

/** `none`, or a character. */
function quote(value: string): string | undefined {
  return value === 'none' ? undefined : character(value);
}

/** Rows are told apart by bytes: a character that has several could be in the middle of others. */
function character(value: string): string {
  if (/^[\t\x20-\x7e]$/.test(value)) return value;
  throw new InvalidArgumentError('It must be one ASCII character.');
}

function rejectsPlace(value: string): RejectsPlace {
  return value === 'none' ? { kind: 'none' } : { kind: 'path', path: text(value) };
}

/** @throws FatalError when the rules are of columns that are not there. */
function rulesOf(options: {
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

/** `none`, `file:PATH`, or the URL of a Redis database. */
function checkpointPlace(value: string): CheckpointPlace {
  if (value === 'none') return { kind: 'none' };
  if (/^file:./.test(value)) return { kind: 'file', path: value.slice('file:'.length) };
  if (/^rediss?:\/\/./.test(value) && URL.canParse(value)) {
    return { kind: 'redis', url: new URL(value) };
  }
  throw new InvalidArgumentError('It must be file:PATH, redis://HOST:PORT/DB, rediss://… or none.');
}

function boolean(value: string): boolean {
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw new InvalidArgumentError('It must be true or false.');
}

/** `10` rows, or `5%` of them. */
function rejectLimit(value: string): RejectLimit {
  const [, number, percent] = /^(\d+(?:\.\d+)?)(%)?$/.exec(value) ?? [];
  if (number !== undefined) {
    const most = Number(number);
    if (percent === undefined && Number.isInteger(most)) return { rows: most };
    if (percent !== undefined && most <= 100) return { percent: most };
  }
  throw new InvalidArgumentError('It must be a number of rows such as 10, or a share such as 5%.');
}
