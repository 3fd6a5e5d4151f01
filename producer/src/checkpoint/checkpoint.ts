import { randomUUID } from 'node:crypto';
import { FatalError, messageOf } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import type { CheckpointStore } from './store.ts';
import { fingerprint, type Fingerprint } from './fingerprint.ts';
import type { Progress } from '../progress.ts';
import { START, type Position } from '../source/rows.ts';

/** How far an import has come: what is kept outside the process, as JSON. */
interface Checkpoint {
  version: 1;
  /** Id of the import, which is in the headers of its messages. */
  importId: string;
  /** Rows of the confirmed prefix. */
  rows: number;
  /** Where to read on from. */
  seek: Position;
  /** The last row that had been sent by then; those behind the prefix are sent again on resuming. */
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

/** Milliseconds between two saves. */
const INTERVAL = 1_000;

/** An import from the first row that is wanted. */
export function fromStart(offset: number): Beginning {
  return { importId: randomUUID(), rows: offset, seek: START, sent: 0 };
}

/**
 * Where the last import of this file stood; undefined when that is not known.
 *
 * @throws FatalError when the file is not the one that was checkpointed.
 */
export async function resume(
  store: CheckpointStore,
  path: string,
  log: Logger,
): Promise<Beginning | undefined> {
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
    log.warn(`no checkpoint of ${path} is in ${store.name}: importing it from its start`);
    return undefined;
  }
  const checkpoint = parse(text);
  if (!checkpoint) {
    throw new FatalError(`--resume: ${store.name} holds no checkpoint of this version`);
  }
  const { importId, rows, seek, sent, file } = checkpoint;
  const now = await fingerprint(path, seek.bytes);
  const change =
    now.size !== file.size
      ? `it has ${now.size} bytes, and had ${file.size}`
      : now.head !== file.head
        ? 'it begins differently'
        : now.around !== file.around
          ? `it differs around row ${rows}`
          : undefined;
  if (change !== undefined) {
    throw new FatalError(
      `--resume: ${path} is not the file that was checkpointed: ${change}. Import it from its start, without --resume`,
    );
  }
  return { importId, rows, seek, sent };
}

function parse(text: string): Checkpoint | undefined {
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
    value.version === 1 &&
    hasFields(value.seek, { rows: 'number', lines: 'number', bytes: 'number' }) &&
    hasFields(value.file, { size: 'number', head: 'string', around: 'string' })
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

/** Saves the confirmed prefix as it grows: at most once a second, and at the end. */
export class Checkpointer {
  readonly #store: CheckpointStore;
  readonly #path: string;
  readonly #importId: string;
  readonly #progress: Progress;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  #saving = Promise.resolve();
  #savedRows = -1;
  #isFailing = false;
  constructor(
    store: CheckpointStore,
    path: string,
    importId: string,
    progress: Progress,
    log: Logger,
  ) {
    this.#store = store;
    this.#path = path;
    this.#importId = importId;
    this.#progress = progress;
    this.#log = log;
    this.#timer = setInterval(() => void this.save(), INTERVAL).unref();
  }

  /** Saves for the last time. */
  async finish(): Promise<void> {
    clearInterval(this.#timer);
    await this.save();
    await this.#store.close();
  }

  /** Saves what has changed. @returns whether the store has it now. */
  async save(): Promise<boolean> {
    await (this.#saving = this.#saving.then(() => this.#saveNow()));
    return !this.#isFailing && this.#store.isReal;
  }

  async #saveNow(): Promise<void> {
    const { rows, seek } = this.#progress.prefix;
    if (rows === this.#savedRows) return;
    try {
      const file = await fingerprint(this.#path, seek.bytes);
      const checkpoint: Checkpoint = {
        version: 1,
        importId: this.#importId,
        rows,
        seek,
        sent: this.#progress.lastSent,
        file,
      };
      await this.#store.save(JSON.stringify(checkpoint));
      this.#savedRows = rows;
      if (this.#isFailing) this.#log.info(`the checkpoint is saved to ${this.#store.name} again`);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) {
        this.#log.warn(
          `the checkpoint can't be saved to ${this.#store.name}, the import goes on: ${messageOf(error)}`,
        );
      }
      this.#isFailing = true;
    }
  }
}
