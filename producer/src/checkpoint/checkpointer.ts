import { messageOf } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import type { Standing } from '../prefix.ts';
import type { RejectsFile, RejectsMark } from '../rejects/file.ts';
import type { Inputs } from '../source/inputs.ts';
import type { RowSpan } from '../source/position.ts';
import type { ValueRules } from '../values.ts';
import { type Beginning, type Checkpoint, fingerprintOf, hashBefore } from './checkpoint.ts';
import { readingOf } from './reading.ts';
import type { CheckpointStore } from './store.ts';

/** Milliseconds between two saves. */
const INTERVAL = 1_000;

/** What changes as an import goes on. */
type Reached = Pick<Checkpoint, 'rows' | 'seek' | 'sent' | 'rejects'>;

/** Saves the confirmed prefix of an import as it grows. */
export class Checkpointer {
  readonly #store: CheckpointStore;
  readonly #inputs: Inputs;
  readonly #rules: ValueRules;
  readonly #rejects: RejectsFile;
  readonly #import: Pick<Checkpoint, 'importId' | 'begun' | 'firstRow'>;
  readonly #log: Logger;
  #wanted: Reached;
  #saved: Reached | undefined;
  #timer: NodeJS.Timeout | undefined;
  #saving = Promise.resolve();
  #isFailing = false;
  #hasBegun = false;

  constructor(
    store: CheckpointStore,
    inputs: Inputs,
    rules: ValueRules,
    rejects: RejectsFile,
    beginning: Beginning,
    log: Logger,
  ) {
    const { importId, begun, firstRow, rows, seek, sent } = beginning;
    this.#store = store;
    this.#inputs = inputs;
    this.#rules = rules;
    this.#rejects = rejects;
    this.#import = { importId, begun, firstRow };
    this.#log = log;
    this.#wanted = { rows, seek, sent, rejects: rejects.mark };
  }

  /** Where the import is, of which the rejects are written, too. */
  get standing(): Standing {
    return this.#wanted;
  }

  /** Saves where the import begins; nothing is saved before. */
  async begin(): Promise<void> {
    this.#hasBegun = true;
    await this.save();
  }

  /**
   * Notes that the prefix has grown over a chunk, and its rejects are written; saves it within a
   * second.
   *
   * @param sent the last row that was sent.
   */
  note({ lastRow: rows, start: seek }: RowSpan, sent: number): void {
    this.#wanted = { rows, seek, sent, rejects: this.#rejects.mark };
    this.#timer ??= setTimeout(() => void this.save(), INTERVAL);
  }

  /** Saves which file the rejects are in, so that a resumed import finds it, whatever happens. */
  async noteRejects(rejects: RejectsMark): Promise<void> {
    this.#wanted = { ...this.#wanted, rejects };
    await this.save();
  }

  /** Saves now what was noted. @returns whether the store has it. */
  async save(): Promise<boolean> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await (this.#saving = this.#saving.then(() => this.#saveNow()));
    return this.#hasBegun && !this.#isFailing && this.#store.isReal;
  }

  async #saveNow(): Promise<void> {
    const wanted = this.#wanted;
    if (!this.#hasBegun || wanted === this.#saved || !this.#store.isReal) return;
    try {
      await this.#rejects.sync();
      const input = await this.#inputs.at(wanted.seek.file);
      const checkpoint: Checkpoint = {
        version: 4,
        ...this.#import,
        ...wanted,
        file: await fingerprintOf(input, wanted.seek),
        reading: readingOf(input, this.#rules),
        before: hashBefore(this.#inputs, wanted.seek),
      };
      await this.#store.save(JSON.stringify(checkpoint));
      this.#saved = wanted;
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
