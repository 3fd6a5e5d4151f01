import { messageOf, TransientError } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import { retry } from '@csv2db/libs/retry.ts';
import type { Database } from '../database/connect.ts';
import { SetUpError } from '../database/problem.ts';

/**
 * Waits until batches can be stored, and tells why: once, however many wait, and when that is over.
 */
export class Outages {
  readonly #log: Logger;
  /** The attempts that wait. */
  readonly #waiting = new Set<() => Promise<unknown>>();
  #isOut = false;
  #problem: TransientError | undefined;
  /** What has been told that a person has to mend. */
  readonly #toMend = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Why nothing can be stored now, as far as that is known; undefined when it can. */
  get problem(): TransientError | undefined {
    return this.#problem;
  }

  /** The same, or why the database gives no sign of life. */
  async problemNow(database: Pick<Database, 'ping'>): Promise<Error | undefined> {
    if (this.#problem) return this.#problem;
    try {
      await database.ping();
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(messageOf(error));
    }
  }

  /**
   * Attempts to store a batch until that works. The same rows are tried again and again, which
   * shows better than any probe whether the database is back.
   *
   * @param signal gives up, unless the database works.
   * @param patience how long to go on after the first failure, in milliseconds.
   * @throws the TransientError of the last attempt, when the signal was aborted or the patience is
   * over.
   */
  async outlast<T>(attempt: () => Promise<T>, signal: AbortSignal, patience: number): Promise<T> {
    const told = async (): Promise<T> => {
      try {
        const result = await attempt();
        this.#waiting.delete(attempt);
        this.#tellEnd();
        return result;
      } catch (error) {
        if (error instanceof TransientError) this.#tell(error);
        throw error;
      }
    };
    const onOutage = (): void => void this.#waiting.add(attempt);
    try {
      return await retry(told, { signal, retryFor: patience, onOutage });
    } finally {
      this.#waiting.delete(attempt);
    }
  }

  /** An outage shows in many ways, and is told of once; of what is to be mended, each. */
  #tell(error: TransientError): void {
    const { message } = error;
    this.#problem = error;
    const isKnown = error instanceof SetUpError ? this.#toMend.has(message) : this.#isOut;
    if (isKnown) return;
    if (error instanceof SetUpError) this.#toMend.add(message);
    else this.#isOut = true;
    this.#log.warn(`${message}; storing pauses until it works`);
  }

  #tellEnd(): void {
    if (this.#waiting.size > 0 || (!this.#isOut && this.#toMend.size === 0)) return;
    this.#isOut = false;
    this.#problem = undefined;
    this.#toMend.clear();
    this.#log.info('PostgreSQL works again');
  }
}
