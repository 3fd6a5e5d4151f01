import { messageOf } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import type { Standing } from '../prefix.ts';
import type { Source } from '../source/open.ts';
import type { Beginning, Checkpoint } from './checkpoint.ts';
import { fingerprint } from './fingerprint.ts';
import type { CheckpointStore } from './store.ts';

/** Milliseconds between two saves. */
const INTERVAL = 1_000;

/** Saves the confirmed prefix of an import as it grows. */
export class Checkpointer {
  readonly #store: CheckpointStore;
  readonly #source: Source;
  readonly #importId: string;
  readonly #log: Logger;
  #wanted: Pick<Checkpoint, 'rows' | 'seek' | 'sent'>;
  #timer: NodeJS.Timeout | undefined;
  #saving = Promise.resolve();
  #savedRows = -1;
  #isFailing = false;

  constructor(store: CheckpointStore, source: Source, beginning: Beginning, log: Logger) {
    const { importId, rows, seek, sent } = beginning;
    this.#store = store;
    this.#source = source;
    this.#importId = importId;
    this.#log = log;
    this.#wanted = { rows, seek, sent };
  }

  /**
   * Notes how far the import is; saves it within a second. @param sent the last row that was sent.
   */
  note({ rows, seek }: Standing, sent: number): void {
    this.#wanted = { rows, seek, sent };
    if (rows !== this.#savedRows) this.#timer ??= setTimeout(() => void this.save(), INTERVAL);
  }

  /** Saves now what was noted. @returns whether the store has it. */
  async save(): Promise<boolean> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await (this.#saving = this.#saving.then(() => this.#saveNow()));
    return !this.#isFailing && this.#store.isReal;
  }

  async #saveNow(): Promise<void> {
    const { rows, seek, sent } = this.#wanted;
    if (rows === this.#savedRows || !this.#store.isReal) return;
    try {
      const file = await fingerprint(this.#source, seek.bytes);
      const importId = this.#importId;
      const checkpoint: Checkpoint = { version: 2, importId, rows, seek, sent, file };
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
