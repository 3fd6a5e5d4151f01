import { Counter, type Registry } from 'prom-client';
import type { QueueSession } from '../queue/session.ts';
import { QueueState } from '../queue/state.ts';

/** What is known of the broker, with a count of its sessions. */
export class QueueWatch extends QueueState {
  readonly #reconnects: Counter;

  /** @param prefix what the names of its metrics begin with. */
  constructor(prefix: string, registry: Registry) {
    super();
    this.#reconnects = new Counter({
      name: `${prefix}_queue_reconnects_total`,
      help: 'Sessions with RabbitMQ after the first one.',
      registers: [registry],
    });
  }

  override connected(session: QueueSession): void {
    if (this.session) this.#reconnects.inc();
    super.connected(session);
  }
}
