import { Counter, type Registry } from 'prom-client';
import { messageOf } from '../errors.ts';
import type { QueueSession } from '../queue/session.ts';

/** What is known of the broker from its sessions. */
export class QueueWatch {
  #session: QueueSession | undefined;
  /** Why there is no session; undefined when there is one. */
  #problem: string | undefined = 'not connected yet';
  readonly #reconnects: Counter;

  /** @param prefix what the names of its metrics begin with. */
  constructor(prefix: string, registry: Registry) {
    this.#reconnects = new Counter({
      name: `${prefix}_queue_reconnects_total`,
      help: 'Sessions with RabbitMQ after the first one.',
      registers: [registry],
    });
  }

  /** There is a session. */
  connected(session: QueueSession): void {
    if (this.#session) this.#reconnects.inc();
    this.#session = session;
    this.#problem = undefined;
    session.lost.addEventListener('abort', () => (this.#problem = messageOf(session.lost.reason)), {
      once: true,
    });
  }

  /** There is none, for the time being. */
  readonly onOutage = (error: Error): void => {
    this.#problem = error.message;
  };

  /** Why there is no session; undefined when there is one. */
  problem(): string | undefined {
    return this.#problem;
  }

  /** Whether an alarm of the broker holds back publishers. */
  isBlocked(): boolean {
    return this.#session?.isBlocked() ?? false;
  }
}
