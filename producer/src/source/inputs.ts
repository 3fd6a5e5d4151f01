import type { Logger } from '@csv2db/libs/logger.ts';
import type { Encoding } from './encoding.ts';
import type { FoundFile } from './files.ts';
import { followed } from './followed.ts';
import { findLayout, type Layout, type LayoutWishes } from './layout.ts';
import { openSource, type Source } from './open.ts';
import { openText, type Text } from './text.ts';

/** What a user says of the files. */
export interface InputWishes extends LayoutWishes {
  encoding: Encoding | 'auto';
}

/** A file that is open. */
export interface Input {
  source: Source;
  text: Text;
  layout: Layout;
}

/** The files of an import, each open from when it is needed until its rows are done with. */
export class Inputs {
  readonly files: readonly FoundFile[];
  /** Bytes of their text that were read for their rows, headers apart. */
  bytesRead = 0;
  readonly #wishes: InputWishes;
  readonly #blockSize: number;
  readonly #signal: AbortSignal;
  readonly #log: Logger;
  readonly #open = new Map<number, Promise<Input>>();
  /** Up to which byte each file was read for its rows, of those that were opened. */
  readonly #reached = new Map<number, number>();

  /** @param blockSize bytes to read at a time. */
  constructor(
    files: readonly FoundFile[],
    wishes: InputWishes,
    blockSize: number,
    signal: AbortSignal,
    log: Logger,
  ) {
    this.files = files;
    this.#wishes = wishes;
    this.#blockSize = blockSize;
    this.#signal = signal;
    this.#log = log;
  }

  /** What they are called together. */
  get title(): string {
    const [first] = this.files;
    return first && this.files.length === 1 ? first.name : `these ${this.files.length} files`;
  }

  /** How much of the files is read, from 0 to 1, by bytes; undefined where one has no size, as a pipe. */
  get share(): number | undefined {
    const [first = 0] = this.#reached.keys();
    let [read, all] = [0, 0];
    for (const [index, { bytes }] of this.files.entries()) {
      if (bytes === undefined) return undefined;
      all += bytes;
      // those in front of the first were read by an earlier process
      const reached = index < first ? bytes : (this.#reached.get(index) ?? 0);
      // one may grow
      read += Math.min(bytes, reached);
    }
    return all === 0 ? undefined : read / all;
  }

  /** What a file is called where it has to be told from others; undefined when it is the only one. */
  nameAmongOthers(index: number): string | undefined {
    return this.files.length > 1 ? this.files[index]?.name : undefined;
  }

  /**
   * Looks at the files that are wanted, so that what is wrong with one is said before anything is
   * done. What can be read only once is looked at when its turn comes, except for the first.
   *
   * @throws FatalError as `at` does.
   */
  async begin(first: number): Promise<void> {
    try {
      await this.at(first);
      for (const file of this.files.slice(first + 1).filter(({ isRegular }) => isRegular)) {
        const { text } = await this.#openFile(file, quiet, () => {});
        await text.close();
      }
    } catch (error) {
      if (!this.#signal.aborted) throw error;
    }
  }

  /**
   * Opens a file, and finds out how its rows are made; once.
   *
   * @throws FatalError when it can't be read, or lacks a column.
   */
  async at(index: number): Promise<Input> {
    const file = this.files[index];
    if (!file) throw new Error(`there is no file number ${index + 1}`);
    const onRead = (place: number): void => {
      this.#reached.set(index, Math.max(place, this.#reached.get(index) ?? 0));
    };
    onRead(0);
    const opening = this.#open.get(index) ?? this.#openFile(file, this.#log, onRead);
    this.#open.set(index, opening);
    return await opening;
  }

  async #openFile(
    { name }: FoundFile,
    log: Pick<Logger, 'info' | 'warn'>,
    onRead: (place: number) => void,
  ): Promise<Input> {
    let isLookedAt = false;
    // what is read to see what it is does not count
    const source = followed(await openSource(name), (place) => {
      if (isLookedAt) onRead(place);
    });
    try {
      const options = { encoding: this.#wishes.encoding, blockSize: this.#blockSize };
      const text = await openText(source, options, this.#signal, log);
      const layout = findLayout(text.head, this.#wishes, name);
      for (const note of layout.notes) log.info(note);
      if (layout.warning !== undefined) log.warn(layout.warning);
      const read = (from: number): AsyncIterable<Buffer> => this.#counted(text.read(from));
      isLookedAt = true;
      return { source, text: { ...text, read }, layout };
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  async *#counted(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const block of blocks) {
      this.bytesRead += block.length;
      yield block;
    }
  }

  /** Closes a file. */
  async closeAt(index: number): Promise<void> {
    const opening = this.#open.get(index);
    this.#open.delete(index);
    // one that could not be opened is closed
    await opening?.then(
      ({ text }) => text.close(),
      () => {},
    );
  }

  /** Closes the files in front of one. */
  async closeBefore(index: number): Promise<void> {
    for (const earlier of [...this.#open.keys()]) {
      if (earlier < index) await this.closeAt(earlier);
    }
  }

  async close(): Promise<void> {
    await this.closeBefore(Infinity);
  }
}

const quiet = { info: (): void => {}, warn: (): void => {} };
