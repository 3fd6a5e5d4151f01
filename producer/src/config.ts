import { constants, type Stats } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { codeOf, FatalError, messageOf } from '@csv2db/libs/errors.ts';
import { withDoubleDashes } from '@csv2db/libs/options/go-flags.ts';
import {
  dropEmptyVariables,
  queueConfig,
  serviceCommand,
} from '@csv2db/libs/options/service-command.ts';
import { durationOrForever, integer, text, type LogLevel } from '@csv2db/libs/options/values.ts';
import type { QueueConfig } from '@csv2db/libs/queue/address.ts';
import type { CheckpointPlace } from './checkpoint/store.ts';

export interface ProducerConfig {
  /** Path of the CSV file: it exists, may be read, and is not a folder. */
  file: string;
  /** Rows to leave out at the start of the file. */
  offset: number;
  /** Most rows to take from the file. */
  limit: number;
  /** Whether to go on where the last import of this file stood. */
  resume: boolean;
  /** Where that is kept. */
  checkpoint: CheckpointPlace;
  /** Number of workers. */
  parallel: number;
  queue: QueueConfig;
  /** Most rows in a message; with 1, a message is a row as the original sends it. */
  rowsPerMessage: number;
  /** How long one outage of the broker may last, in milliseconds. */
  retryFor: number;
  /** Longest time to finish the work in hand when stopped, in milliseconds. */
  drainTimeout: number;
  logLevel: LogLevel;
  /** The command that goes on where this one ended early; without passwords. */
  continuation: (standing: Standing) => string;
}

/**
 * Reads flags and environment into a configuration. `--help`, `--version` and a wrong flag end the
 * process here.
 *
 * @throws FatalError when the file can't be read.
 */
export async function readConfig(args: string[], version: string): Promise<ProducerConfig> {
  dropEmptyVariables(process.env);
  const command = serviceCommand(
    'producer',
    'Streams the rows of a CSV file (name,email; no header) into a durable RabbitMQ queue.',
    version,
  )
    .addOption(
      new Option('--file <string>', 'path to CSV file').env('FC_PRODUCER_FILE').argParser(text),
    )
    .addOption(
      new Option('--offset <int>', 'rows to leave out at the start of the file')
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
      new Option(
        '--checkpoint <where>',
        'where to keep how far the import is: file:PATH, redis://HOST:PORT/DB, rediss://…, or none',
      )
        .env('FC_PRODUCER_CHECKPOINT')
        .default<CheckpointPlace>({ kind: 'state folder' }, "a file in the user's state folder")
        .argParser(checkpointPlace),
    )
    .addOption(
      new Option('--resume [boolean]', 'go on where the last import of this file stood')
        .env('FC_PRODUCER_RESUME')
        .default(false)
        .preset('true')
        .argParser(boolean),
    )
    .addOption(
      new Option('--rows-per-message <int>', 'most rows in a message; above 1, it is a JSON array')
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
  if (options.file === undefined) {
    throw new FatalError('--file (FC_PRODUCER_FILE) is missing: name the CSV file to read');
  }
  if (options.resume && options.offset > 0) {
    throw new FatalError('--resume and --offset exclude each other: both say where to begin');
  }
  if (options.resume && options.checkpoint.kind === 'none') {
    throw new FatalError('--resume needs a checkpoint, and --checkpoint is none');
  }
  await checkFile(options.file);
  return {
    file: options.file,
    offset: options.offset,
    limit: options.limit,
    resume: options.resume,
    checkpoint: options.checkpoint,
    parallel: options.parallel,
    queue: queueConfig(options),
    rowsPerMessage: options.rowsPerMessage,
    retryFor: options.retryFor,
    drainTimeout: options.drainTimeout,
    logLevel: options.logLevel,
    continuation: ({ rows, begunAt, isSaved }) => {
      const canResume = isSaved && !hasPassword(options.checkpoint);
      const overruled = process.env['FC_PRODUCER_OFFSET'] === undefined ? [] : ['--offset', '0'];
      const from = canResume ? [...overruled, '--resume'] : ['--offset', String(rows)];
      const limit =
        options.limit === Infinity ? [] : ['--limit', String(options.limit - (rows - begunAt))];
      const dropped = ['--offset', '--resume', '--limit', '--queue-pass'];
      if (!canResume) dropped.push('--checkpoint');
      const words = [process.argv[1] ?? 'producer', ...without(dashed, dropped), ...from, ...limit];
      return words.map(quoted).join(' ');
    },
  };
}

/** Where an import stands that ends early. */
export interface Standing {
  /** Rows from the start of the file that are confirmed or rejected. */
  rows: number;
  /** Rows before the one it began with. */
  begunAt: number;
  /** Whether the checkpoint says so, too. */
  isSaved: boolean;
}

function hasPassword(place: CheckpointPlace): boolean {
  return place.kind === 'redis' && place.url.password !== '';
}

/** Arguments without some flags and their values. */
function without(args: readonly string[], flags: readonly string[]): string[] {
  const isFlag = (arg: string | undefined): boolean => arg?.startsWith('--') ?? false;
  return args.filter((arg, index) => {
    const [name = ''] = arg.split('=');
    const before = args[index - 1];
    const isValueOfOne = before !== undefined && flags.includes(before) && !isFlag(arg);
    return !flags.includes(name) && !isValueOfOne;
  });
}

/** A word as a POSIX shell takes it literally. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
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

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'permission denied',
};

async function checkFile(path: string): Promise<void> {
  let stats: Stats;
  try {
    stats = await stat(path);
    await access(path, constants.R_OK);
  } catch (error) {
    const why = REASONS[codeOf(error) ?? ''] ?? messageOf(error);
    throw new FatalError(`--file ${path} can't be read: ${why}`, { cause: error });
  }
  if (stats.isDirectory()) throw new FatalError(`--file ${path} is a folder: name a CSV file`);
}
