import { createHash, randomUUID } from 'node:crypto';
import { FatalError, messageOf } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import type { RejectsMark } from '../rejects/file.ts';
import type { Input, Inputs } from '../source/inputs.ts';
import { type Position, START } from '../source/position.ts';
import type { ValueRules } from '../values.ts';
import { difference, type Fingerprint, fingerprint } from './fingerprint.ts';
import { otherReading, readingOf } from './reading.ts';
import type { CheckpointStore } from './store.ts';

/** How far an import has come: what is kept outside the process, as JSON. */
export interface Checkpoint extends Beginning {
  version: 4;
  /** Of the file that is read on from. */
  file: Fingerprint;
  /** How it is read, without which a place in its text means nothing. */
  reading: readonly string[];
  /** A hash of which files are in front of it. */
  before: string;
}

/** Where an import begins: at the start of the file, or where another one stood. */
export interface Beginning {
  /** Id of the import, which is in the headers of its messages. */
  importId: string;
  /** When the import itself began: ISO 8601, UTC. */
  begun: string;
  /** Number of its first row; above 1 where rows are left out. */
  firstRow: number;
  /** Rows of the confirmed prefix. */
  rows: number;
  /** Where to read on from. */
  seek: Position;
  /** The last row that is known to have been sent before; those behind the prefix are sent again. */
  sent: number;
  /** The rejects of the file that is read on from, to go on behind them; undefined when it has none so far. */
  rejects?: RejectsMark | undefined;
}

/** An import from the first row that is wanted, a new one unless its id is given. */
export function fromStart(offset: number, importId: string = randomUUID()): Beginning {
  return {
    importId,
    begun: new Date().toISOString(),
    firstRow: offset + 1,
    rows: offset,
    seek: START,
    sent: 0,
  };
}

/**
 * Where the last import of this file stood; undefined when that is not known.
 *
 * @param expected how the values are made, and the id that the import must have; undefined for any.
 * @throws FatalError when the file is not the one that was checkpointed, can't be read again, or is
 * read in another way, or that was another import.
 */
export async function resume(
  store: CheckpointStore,
  inputs: Inputs,
  { rules, importId }: { rules: ValueRules; importId: string | undefined },
  log: Logger,
): Promise<Beginning | undefined> {
  for (const { name, isRegular } of inputs.files) {
    if (isRegular) continue;
    throw new FatalError(
      `--resume: ${name} can be read only once, and is no file to go on in: use --offset`,
    );
  }
  let text: string | undefined;
  try {
    text = await store.load();
  } catch (error) {
    log.warn(
      `the checkpoint can't be read from ${store.name}, importing from the start: ${messageOf(error)}`,
    );
    return undefined;
  }
  if (text === undefined) {
    log.warn(`no checkpoint of ${inputs.title} is in ${store.name}: importing it from its start`);
    return undefined;
  }
  const checkpoint = parseCheckpoint(text);
  if (!checkpoint) {
    throw new FatalError(`--resume: ${store.name} holds no checkpoint of this version`);
  }
  if (importId !== undefined && importId !== checkpoint.importId) {
    throw new FatalError(
      `--resume: ${store.name} is of the import ${checkpoint.importId}, not of --import-id ${importId}: leave that out`,
    );
  }
  const { seek } = checkpoint;
  const name = inputs.files[seek.file]?.name ?? inputs.title;
  const change = await changeSince(inputs, rules, checkpoint);
  if (change !== undefined) {
    throw new FatalError(
      `--resume: ${name} is not what was checkpointed: ${change}. Import it from its start, without --resume`,
    );
  }
  return checkpoint;
}

async function changeSince(
  inputs: Inputs,
  rules: ValueRules,
  { seek, before, file, reading, rows }: Checkpoint,
): Promise<string | undefined> {
  if (seek.file >= inputs.files.length) return `that was file ${seek.file + 1} of more`;
  if (before !== hashBefore(inputs, seek)) return 'other files were in front of it';
  const input = await inputs.at(seek.file);
  const now = await fingerprintOf(input, seek);
  const change = difference(now, file, input.text.isSeekable ? rows : 'end');
  // where the place is depends on how it is read
  const isSame = now.size === file.size && now.head === file.head;
  return (isSame ? otherReading(readingOf(input, rules), reading) : undefined) ?? change;
}

/** Tells whether the files in front of a place are the same, in the same order. */
export function hashBefore({ files }: Inputs, { file }: Position): string {
  const identities = files.slice(0, file).map(({ identity }) => identity);
  return createHash('sha256').update(identities.join()).digest('hex');
}

/** Tells whether a file is the same when it is read on from a place in its text. */
export async function fingerprintOf(
  { source, text }: Input,
  { bytes }: Position,
): Promise<Fingerprint> {
  return await fingerprint(source, text.isSeekable ? bytes : 'end');
}

/** The checkpoint that a text is; undefined when it is none of this version. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isCheckpoint(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isCheckpoint(value: unknown): value is Checkpoint {
  return (
    hasFields(value, {
      version: 'number',
      importId: 'string',
      begun: 'string',
      firstRow: 'number',
      rows: 'number',
      sent: 'number',
      before: 'string',
    }) &&
    value.version === 4 &&
    Array.isArray(value.reading) &&
    value.reading.every((one) => typeof one === 'string') &&
    hasFields(value.seek, { file: 'number', rows: 'number', lines: 'number', bytes: 'number' }) &&
    hasFields(value.file, {
      device: 'string',
      inode: 'string',
      size: 'number',
      head: 'string',
      around: 'string',
    }) &&
    (value.rejects === undefined ||
      hasFields(value.rejects, { file: 'number', path: 'string', bytes: 'number', hash: 'string' }))
  );
}

function hasFields(
  value: unknown,
  fields: Record<string, 'number' | 'string'>,
): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const entries = new Map(Object.entries(value));
  return Object.entries(fields).every(([name, type]) => typeof entries.get(name) === type);
}
