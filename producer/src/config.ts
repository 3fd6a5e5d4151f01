import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { FatalError } from '@csv2db/libs/errors.ts';
import { withDoubleDashes } from '@csv2db/libs/options/go-flags.ts';
import {
  dropEmptyVariables,
  queueConfig,
  serviceCommand,
} from '@csv2db/libs/options/service-command.ts';
import { durationOrForever, integer, type LogLevel, text } from '@csv2db/libs/options/values.ts';
import type { QueueConfig } from '@csv2db/libs/queue/address.ts';
import type { CheckpointPlace } from './checkpoint/store.ts';
import type { RejectLimit } from './limit-rejects.ts';

export interface ProducerConfig {
  /** Path of the CSV file, or - for standard input. */
  file: string;
  /** Rows to leave out at the start of the file. */
  offset: number;
  /** Most rows to take from the file. */
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
    'Streams the rows of a CSV file (name,email; no header) into a durable RabbitMQ queue.',
    version,
  )
    .addOption(
      new Option('--file <string>', 'path to CSV file; a dash for standard input')
        .env('FC_PRODUCER_FILE')
        .argParser(text),
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
      new Option('--resume [boolean]', 'go on where the last import of this file stood')
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
  if (options.file === undefined) {
    throw new FatalError('--file (FC_PRODUCER_FILE) is missing: name the CSV file to read');
  }
  if (options.resume && options.offset > 0) {
    throw new FatalError('--resume and --offset exclude each other: both say where to begin');
  }
  if (options.resume && options.checkpoint.kind === 'none') {
    throw new FatalError('--resume needs a checkpoint, and --checkpoint is none');
  }
  return {
    file: options.file,
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
