import type { Logger } from '@csv2db/libs/logger.ts';
import type { Beginning } from './checkpoint/checkpoint.ts';
import { Checkpointer } from './checkpoint/checkpointer.ts';
import type { CheckpointStore } from './checkpoint/store.ts';
import type { ProducerConfig } from './config.ts';
import { ConfirmedPrefix, type Standing } from './prefix.ts';
import { RejectsFile } from './rejects/file.ts';
import type { ShipEvent } from './ship.ts';
import type { Inputs } from './source/inputs.ts';

/** Keeps what has to outlast the process, in the order of the rows: those that are rejected, and how far the import is. */
export class Journal {
  readonly #prefix: ConfirmedPrefix;
  readonly #rejects: RejectsFile;
  readonly #checkpointer: Checkpointer;
  readonly #inputs: Inputs;
  /** Index of the first file that is open. */
  #firstOpen: number;

  /** @throws FatalError when the file for rejected rows that was named can't be made. */
  static async open(
    { rejects: place, rules }: ProducerConfig,
    inputs: Inputs,
    store: CheckpointStore,
    beginning: Beginning,
    log: Logger,
  ): Promise<Journal> {
    const rejects = await RejectsFile.open(place, inputs, beginning, log);
    const checkpointer = new Checkpointer(store, inputs, rules, rejects, beginning, log);
    return new Journal(inputs, rejects, checkpointer, beginning);
  }

  private constructor(
    inputs: Inputs,
    rejects: RejectsFile,
    checkpointer: Checkpointer,
    beginning: Beginning,
  ) {
    this.#prefix = new ConfirmedPrefix(beginning);
    this.#rejects = rejects;
    this.#checkpointer = checkpointer;
    this.#inputs = inputs;
    this.#firstOpen = beginning.seek.file;
  }

  /** From now on a checkpoint is of this import, not of an earlier one. */
  async begin(): Promise<void> {
    await this.#checkpointer.begin();
  }

  /** Up to where every row is confirmed or rejected, and the rejected ones are written. */
  get standing(): Standing {
    return this.#checkpointer.standing;
  }

  /**
   * Follows the import.
   *
   * @param lastSent number of the last row that was sent.
   * @throws FatalError when rejected rows can't be written.
   */
  async follow(event: ShipEvent, lastSent: number): Promise<void> {
    if (event.kind === 'sending') this.#rejects.note(event.shipment);
    if (event.kind !== 'settled') return;
    for (const chunk of this.#prefix.settle(event.chunk)) {
      for await (const mark of this.#rejects.write(chunk)) {
        await this.#checkpointer.noteRejects(mark);
      }
      this.#checkpointer.note(chunk, lastSent);
    }
    await this.#closePassed();
  }

  /** Closes the files that are done with. */
  async #closePassed(): Promise<void> {
    const { file } = this.standing.seek;
    if (file === this.#firstOpen) return;
    this.#firstOpen = file;
    // what is saved of a file needs it
    await this.save();
    await this.#inputs.closeBefore(file);
  }

  /** Saves the checkpoint now. @returns whether the store has it. */
  async save(): Promise<boolean> {
    return await this.#checkpointer.save();
  }

  /** Closes the file of the rejected rows, and tells where it is. */
  async close(): Promise<void> {
    await this.#rejects.close();
  }
}
