import { setTimeout as pause } from 'node:timers/promises';
import { FatalError } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';

/** Pause before messages that the broker refused are sent again, in milliseconds. */
const REFUSAL_PAUSE = 1_000;

/** Since when the broker has refused everything. */
export class Refusals {
  readonly #retryFor: number;
  readonly #log: Logger;
  #since: number | undefined;

  constructor(retryFor: number, log: Logger) {
    this.#retryFor = retryFor;
    this.#log = log;
  }

  /** It confirms again. */
  end(): void {
    this.#since = undefined;
  }

  /** @throws FatalError when it has refused for too long. */
  async waitOut(): Promise<void> {
    const now = performance.now();
    if (this.#since === undefined) {
      this.#log.warn('RabbitMQ refuses messages, the queue may be full: trying again');
    }
    this.#since ??= now;
    if (now - this.#since >= this.#retryFor) {
      throw new FatalError('RabbitMQ refuses messages: the queue may be full');
    }
    await pause(REFUSAL_PAUSE);
  }
}
