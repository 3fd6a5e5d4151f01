import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { FatalError } from '@csv2db/libs/errors.ts';
import { boolean, integer } from '@csv2db/libs/options/values.ts';
import type { CheckpointPlace } from './checkpoint/store.ts';
import type { RejectLimit } from './rejects/limit.ts';
import { parseRowList } from './row-list.ts';

/** The flags about which rows are imported, and as what. */
export const IMPORT_OPTIONS = {
  importId: new Option('--import-id <id>', 'id of the import (default: a random one)')
    .env('FC_PRODUCER_IMPORT_ID')
    .argParser(importId),
  offset: new Option('--offset <int>', 'rows to leave out at the start')
    .env('FC_PRODUCER_OFFSET')
    .default(0)
    .argParser(integer(0, Number.MAX_SAFE_INTEGER)),
  limit: new Option('--limit <int>', 'most rows to take')
    .env('FC_PRODUCER_LIMIT')
    .default(Infinity, 'all')
    .argParser(integer(0, Number.MAX_SAFE_INTEGER)),
  rows: new Option(
    '--rows <list>',
    'publish just these rows again, such as 7,1200-1300; a dash for a list on standard input',
  )
    .env('FC_PRODUCER_ROWS')
    .argParser((value) => (value === '-' ? value : parseRowList(value))),
  maxRejects: new Option(
    '--max-rejects <rows>',
    'end when more rows are rejected: 10, or 5% of them',
  )
    .env('FC_PRODUCER_MAX_REJECTS')
    .default<RejectLimit>({ rows: Infinity }, 'no limit')
    .argParser(rejectLimit),
  checkpoint: new Option(
    '--checkpoint <where>',
    'where to keep how far the import is: file:PATH, redis://HOST:PORT/DB, rediss://…, or none',
  )
    .env('FC_PRODUCER_CHECKPOINT')
    .default<CheckpointPlace>({ kind: 'state folder' }, "a file in the user's state folder")
    .argParser(checkpointPlace),
  resume: new Option('--resume [boolean]', 'go on where the last import of these files stood')
    .env('FC_PRODUCER_RESUME')
    .default(false)
    .preset('true')
    .argParser(boolean),
};

/** @throws FatalError when flags exclude each other, or one needs another. */
export function checkImport(options: {
  file: readonly string[];
  importId?: string | undefined;
  offset: number;
  limit: number;
  rows?: unknown;
  checkpoint: CheckpointPlace;
  resume: boolean;
  dryRun: boolean;
}): void {
  const { resume, offset, limit, rows } = options;
  if (resume && offset > 0) {
    throw new FatalError('--resume and --offset exclude each other: both say where to begin');
  }
  if (resume && options.checkpoint.kind === 'none') {
    throw new FatalError('--resume needs a checkpoint, and --checkpoint is none');
  }
  if (resume && options.dryRun) {
    throw new FatalError(
      '--resume and --dry-run exclude each other: a dry run begins at the start',
    );
  }
  if (rows === undefined) return;
  const other = [resume && '--resume', offset > 0 && '--offset', limit !== Infinity && '--limit'];
  const excluded = other.find((flag) => flag !== false);
  if (excluded !== undefined) {
    throw new FatalError(`--rows and ${excluded} exclude each other: both say which rows to take`);
  }
  if (options.importId === undefined) {
    throw new FatalError(
      '--rows needs --import-id (FC_PRODUCER_IMPORT_ID): the import that the rows are of',
    );
  }
  if (rows === '-' && options.file.includes('-')) {
    throw new FatalError('--file - and --rows - exclude each other: both read standard input');
  }
}

/** An id that can be a word of a command, and a part of the id of a message. */
function importId(value: string): string {
  if (/^[\w.:-]{1,100}$/.test(value)) return value;
  throw new InvalidArgumentError('It must be 1 to 100 letters, digits and any of . _ - :.');
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
