import { access, type FileHandle, open } from 'node:fs/promises';
import { codeOf, FatalError, messageOf } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import type { Beginning } from '../checkpoint/checkpoint.ts';
import type { Inputs } from '../source/inputs.ts';
import type { RowSpan } from '../source/position.ts';
import type { Reject } from '../validate.ts';
import type { Shipment } from '../worklist.ts';
import { rejectRecord, rejectsHeader } from './record.ts';

/** Where rejected rows go: nowhere, to a file beside theirs, or to one file. */
export type RejectsPlace = { kind: 'none' } | { kind: 'beside' } | { kind: 'path'; path: string };

/** How far the rejects are. */
export interface RejectsMark {
  /** Index of the file whose rows they are. */
  file: number;
  /** Where they are. */
  path: string;
  /** How many bytes of it are written. */
  bytes: number;
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
  #file: { index: number; path: string; handle: FileHandle; bytes: number } | undefined;
  #isGivenUp: boolean;

  /**
   * Goes on behind the rejects of an earlier run; those of rows that will be read again are cut
   * off.
   *
   * @throws FatalError when the file that was named is there, and not by that run.
   */
  static async open(
    place: RejectsPlace,
    inputs: Inputs,
    { rejects: mark }: Beginning,
    log: Logger,
  ): Promise<RejectsFile> {
    const rejects = new RejectsFile(place, inputs, log);
    if (mark) await rejects.#resume(mark);
    else if (place.kind === 'path' && (await isThere(place.path))) throw taken(place.path);
    return rejects;
  }

  private constructor(place: RejectsPlace, inputs: Inputs, log: Logger) {
    this.#place = place;
    this.#inputs = inputs;
    this.#log = log;
    this.#isGivenUp = place.kind === 'none';
  }

  /** What is written. */
  get mark(): RejectsMark | undefined {
    if (!this.#file) return undefined;
    const { index, path, bytes } = this.#file;
    return { file: index, path, bytes };
  }

  async #resume({ file: index, path, bytes }: RejectsMark): Promise<void> {
    if (this.#isGivenUp) return;
    try {
      const handle = await open(path, bytes === 0 ? 'w+' : 'r+');
      const { size } = await handle.stat();
      if (size < bytes) throw new Error(`it has ${size} bytes, and had ${bytes}`);
      await handle.truncate(bytes);
      this.#file = { index, path, handle, bytes };
    } catch (error) {
      this.#log.warn(
        `the rejected rows of the run before can't be gone on with in ${path}: ${messageOf(error)}`,
      );
    }
  }

  /** Keeps the rejects of a chunk until it is passed. */
  note({ chunk, rejects }: Shipment): void {
    if (this.#isGivenUp || rejects.length === 0) return;
    const waiting = this.#waiting.get(chunk.firstRow) ?? [];
    this.#waiting.set(chunk.firstRow, [...waiting, ...rejects]);
  }

  /**
   * Writes the rejects of chunks, which are the next ones of their files. Yields before it makes a
   * file.
   *
   * @throws FatalError when that fails.
   */
  async *write(chunks: readonly RowSpan[]): AsyncGenerator<RejectsMark, void> {
    for (const { firstRow, start } of chunks) {
      const rejects = this.#waiting.get(firstRow);
      this.#waiting.delete(firstRow);
      if (!rejects) continue;
      if (this.#file?.index !== start.file) yield* this.#openFor(start.file);
      await this.#append(start.file, rejects);
    }
  }

  async #append(index: number, rejects: readonly Reject[]): Promise<void> {
    const file = this.#file;
    if (!file) return;
    const { layout } = await this.#inputs.at(index);
    const records = rejects
      .toSorted((a, b) => a.row - b.row)
      .map((reject) => rejectRecord(reject, layout));
    if (file.bytes === 0) records.unshift(rejectsHeader(layout));
    const bytes = Buffer.concat(records);
    try {
      await file.handle.write(bytes, 0, bytes.length, file.bytes);
    } catch (error) {
      throw new FatalError(`rejected rows can't be written to ${file.path}: ${messageOf(error)}`, {
        cause: error,
      });
    }
    file.bytes += bytes.length;
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
      yield { file: index, path, bytes: 0 };
      try {
        this.#file = { index, path, handle: await open(path, 'wx'), bytes: 0 };
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

function* pathsBeside(name: string): Generator<string> {
  yield `${name}.rejects.csv`;
  for (let number = 2; ; number += 1) yield `${name}.rejects-${number}.csv`;
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

function taken(path: string): FatalError {
  return new FatalError(`--rejects ${path} is there already: name another file`);
}
