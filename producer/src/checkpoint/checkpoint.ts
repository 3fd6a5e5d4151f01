import { randomUUID } from 'node:crypto';
import { FatalError, messageOf } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import type { Source } from '../source/open.ts';
import { type Position, START } from '../source/position.ts';
import { difference, type Fingerprint, fingerprint } from './fingerprint.ts';
import type { CheckpointStore } from './store.ts';

/** How far an import has come: what is kept outside the process, as JSON. */
export interface Checkpoint {
  version: 2;
  /** Id of the import, which is in the headers of its messages. */
  importId: string;
  /** Rows of the confirmed prefix. */
  rows: number;
  /** Where to read on from. */
  seek: Position;
  /**
   * The last row that had been sent by then; those behind the prefix are sent again on resuming.
   */
  sent: number;
  file: Fingerprint;
}

/** Where an import begins: at the start of the file, or where another one stood. */
export interface Beginning {
  importId: string;
  rows: number;
  seek: Position;
  /** The last row that is known to have been sent before. */
  sent: number;
}

/** An import from the first row that is wanted. */
export function fromStart(offset: number): Beginning {
  return { importId: randomUUID(), rows: offset, seek: START, sent: 0 };
}

/**
 * Where the last import of this file stood; undefined when that is not known.
 *
 * @throws FatalError when the file is not the one that was checkpointed, or can't be read again.
 */
export async function resume(
  store: CheckpointStore,
  source: Source,
  log: Logger,
): Promise<Beginning | undefined> {
  if (!source.isRegular) {
    throw new FatalError(
      `--resume: ${source.name} can be read only once, and is no file to go on in: use --offset`,
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
    log.warn(`no checkpoint of ${source.name} is in ${store.name}: importing it from its start`);
    return undefined;
  }
  const checkpoint = parseCheckpoint(text);
  if (!checkpoint) {
    throw new FatalError(`--resume: ${store.name} holds no checkpoint of this version`);
  }
  const { importId, rows, seek, sent, file } = checkpoint;
  const change = difference(await fingerprint(source, seek.bytes), file, rows);
  if (change !== undefined) {
    throw new FatalError(
      `--resume: ${source.name} is not the file that was checkpointed: ${change}. Import it from its start, without --resume`,
    );
  }
  return { importId, rows, seek, sent };
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
    hasFields(value, { version: 'number', importId: 'string', rows: 'number', sent: 'number' }) &&
    value.version === 2 &&
    hasFields(value.seek, { rows: 'number', lines: 'number', bytes: 'number' }) &&
    hasFields(value.file, {
      device: 'string',
      inode: 'string',
      size: 'number',
      head: 'string',
      around: 'string',
    })
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
