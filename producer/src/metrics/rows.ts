import { Counter, Gauge, type Registry } from 'prom-client';
import type { ShipEvent } from '../ship.ts';

/** Counts what becomes of the rows. */
export class RowMetrics {
  readonly #read: Counter;
  readonly #published: Counter;
  readonly #rejected: Counter;
  readonly #unconfirmed: Gauge;

  /** @param prefix what the names begin with. */
  constructor(prefix: string, registry: Registry) {
    const registers = [registry];
    this.#read = new Counter({
      name: `${prefix}_rows_read_total`,
      help: 'Rows that were read.',
      registers,
    });
    this.#published = new Counter({
      name: `${prefix}_rows_published_total`,
      help: 'Rows that RabbitMQ has confirmed.',
      registers,
    });
    this.#rejected = new Counter({
      name: `${prefix}_rows_rejected_total`,
      help: 'Rows that were read, and are not sent.',
      registers,
    });
    this.#unconfirmed = new Gauge({
      name: `${prefix}_unconfirmed_rows`,
      help: 'Rows that were sent, and that RabbitMQ has not confirmed.',
      registers,
    });
  }

  count(event: ShipEvent): void {
    if (event.kind === 'sending') {
      const { read, rejects } = event.shipment;
      this.#read.inc(read);
      this.#rejected.inc(rejects.length);
      this.#unconfirmed.inc(read - rejects.length);
    } else if (event.kind === 'confirmed') {
      this.#published.inc(event.rows);
      this.#unconfirmed.dec(event.rows);
    }
  }
}
