import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { codeOf, FatalError, messageOf } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import type { Beginning } from '../checkpoint/checkpoint.ts';
import type { Inputs } from '../source/inputs.ts';
import type { RowSpan } from '../source/position.ts';
import type { Reject } from '../validate.ts';
import type { Shipment } from '../worklist.ts';
import { digest, hashOf, writeAt } from './disk.ts';
import { checkPlace, isThere, pathsBeside, type RejectsPlace, taken } from './place.ts';
import { rejectRecord, rejectsHeader } from './record.ts';

/** How far the rejects are. */
export interface RejectsMark {
  /** Index of the file whose rows they are. */
  file: number;
  /** Where they are. */
  path: string;
  /** How many bytes of it are written, and the SHA-256 of these. */
  bytes: number;
  hash: string;
}

interface OpenFile {
  index: number;
  path: string;
  handle: FileHandle;
  bytes: number;
  hash: Hash;
}

/**
 * Writes the rejected rows of each file, in its order and as they were, to a file of their own; it
 * is made for the first of them, and never in the place of an older one.
 */
export class RejectsFile {
  readonly #place: RejectsPlace;
  readonly #inputs: Inputs;
  readonly #log: Logger;
  /** Those that are not written yet, by the first row of their chunk. */
  readonly #waiting = new Map<number, Reject[]>();
  #file: OpenFile | undefined;
  #isGivenUp: boolean;

  /**
   * Goes on behind the rejects of an earlier run.
   *
   * @throws FatalError when the file that was named can't be made.
   */
  static async open(
    place: RejectsPlace,
    inputs: Inputs,
    { rejects: mark }: Beginning,
    log: Logger,
  ): Promise<RejectsFile> {
    const rejects = new RejectsFile(place, inputs, log);
    const isOfMark =
      place.kind === 'beside' || (place.kind === 'path' && place.path === mark?.path);
    if (mark && isOfMark) await rejects.#resume(mark);
    else if (place.kind === 'path') await checkPlace(place.path, inputs);
    return rejects;
  }

  private constructor(place: RejectsPlace, inputs: Inputs, log: Logger) {
    this.#place = place;
    this.#inputs = inputs;
    this.#log = log;
    this.#isGivenUp = place.kind === 'none';
  }

  get mark(): RejectsMark | undefined {
    return this.#file && markOf(this.#file);
  }

  /** What is behind the mark is of rows that will be read again: the next ones are written over it. */
  async #resume({ file: index, path, bytes, hash: then }: RejectsMark): Promise<void> {
    try {
      const handle = await open(path, 'r+');
      try {
        const hash = await hashOf(handle, bytes);
        if (digest(hash) !== then) throw new Error('it was changed since');
        this.#file = { index, path, handle, bytes, hash };
      } catch (error) {
        await handle.close();
        throw error;
      }
    } catch (error) {
      // it may have been noted, and not made
      if (codeOf(error) === 'ENOENT' && bytes === 0) return;
      this.#log.warn(`more rejected rows do not go to ${path}: ${messageOf(error)}`);
    }
  }

  /** Keeps the rejects of a chunk until it is passed. */
  note({ chunk, rejects }: Shipment): void {
    if (this.#isGivenUp || rejects.length === 0) return;
    const waiting = this.#waiting.get(chunk.firstRow) ?? [];
    this.#waiting.set(chunk.firstRow, [...waiting, ...rejects]);
  }

  /**
   * Writes the rejects of a chunk, which is the next one. Yields before it makes a file.
   *
   * @throws FatalError when that fails.
   */
  async *write({ firstRow, start }: RowSpan): AsyncGenerator<RejectsMark, void> {
    const rejects = this.#waiting.get(firstRow);
    this.#waiting.delete(firstRow);
    if (!rejects) return;
    if (this.#file?.index !== start.file) yield* this.#openFor(start.file);
    await this.#append(start.file, rejects);
  }

  async #append(index: number, rejects: readonly Reject[]): Promise<void> {
    const file = this.#file;
    if (!file) return;
    const { layout, text } = await this.#inputs.at(index);
    const records = rejects
      .toSorted((a, b) => a.row - b.row)
      .map((reject) => rejectRecord(reject, layout));
    if (file.bytes === 0) records.unshift(rejectsHeader(layout, text.encoding));
    const bytes = Buffer.concat(records);
    try {
      await writeAt(file.handle, bytes, file.bytes);
    } catch (error) {
      throw new FatalError(`rejected rows can't be written to ${file.path}: ${messageOf(error)}`, {
        cause: error,
      });
    }
    file.bytes += bytes.length;
    file.hash.update(bytes);
  }

  async *#openFor(index: number): AsyncGenerator<RejectsMark, void> {
    await this.close();
    if (this.#isGivenUp) return;
    const { source } = await this.#inputs.at(index);
    const place = this.#place;
    if (place.kind === 'beside' && !source.isRegular) {
      this.#giveUp(`${source.name} can be read only once`);
      return;
    }
    for (const path of place.kind === 'path' ? [place.path] : pathsBeside(source.name)) {
      if (await isThere(path)) continue;
      // a run that is killed now is known by it to have made the file
      yield markOf({ index, path, bytes: 0, hash: createHash('sha256') });
      try {
        const handle = await open(path, 'wx');
        this.#file = { index, path, handle, bytes: 0, hash: createHash('sha256') };
        return;
      } catch (error) {
        if (codeOf(error) === 'EEXIST') continue;
        if (place.kind === 'beside') {
          this.#giveUp(messageOf(error));
          return;
        }
        throw new FatalError(`--rejects ${path} can't be made: ${messageOf(error)}`, {
          cause: error,
        });
      }
    }
    if (place.kind === 'path') throw taken(place.path);
  }

  #giveUp(why: string): void {
    this.#isGivenUp = true;
    this.#log.warn(`rejected rows are not kept, name a place with --rejects: ${why}`);
  }

  /** Puts what is written on the disk. */
  async sync(): Promise<void> {
    await this.#file?.handle.sync();
  }

  /** Closes the file, and tells where it is. */
  async close(): Promise<void> {
    const file = this.#file;
    if (!file) return;
    this.#file = undefined;
    await file.handle.sync();
    await file.handle.close();
    this.#log.info(`rejected rows are in ${file.path}, with their lines and reasons`);
  }
}

function markOf({ index, path, bytes, hash }: Omit<OpenFile, 'handle'>): RejectsMark {
  return { file: index, path, bytes, hash: digest(hash) };
}
