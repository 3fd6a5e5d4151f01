import type { Logger } from '@csv2db/libs/logger.ts';
import { type Check, upGauge } from '@csv2db/libs/metrics/health.ts';
import { QueueWatch } from '@csv2db/libs/metrics/queue-watch.ts';
import { metricsRoutes } from '@csv2db/libs/metrics/routes.ts';
import { serve } from '@csv2db/libs/metrics/server.ts';
import type { ListenAddress } from '@csv2db/libs/options/values.ts';
import type { QueueSession } from '@csv2db/libs/queue/session.ts';
import type { Channel } from 'amqplib';
import { Registry } from 'prom-client';
import type { Delivery, Outcome } from '../batch.ts';
import { BatchMetrics } from './batches.ts';
import { Unacknowledged } from './unacknowledged.ts';

const PREFIX = 'csv2db_consumer';

/** What a consumer tells Prometheus. It is told of the work, and changes nothing of it. */
export class Metrics {
  readonly queue: QueueWatch;
  readonly #registry = new Registry();
  readonly #checks: { queue: Check; database: Check };
  readonly #batches: BatchMetrics;
  readonly #unacknowledged: Unacknowledged;

  constructor(database: Check) {
    this.queue = new QueueWatch(PREFIX, this.#registry);
    this.#checks = { queue: () => this.queue.problem(), database };
    this.#batches = new BatchMetrics(PREFIX, this.#registry);
    this.#unacknowledged = new Unacknowledged(PREFIX, this.#registry);
    upGauge(`${PREFIX}_server_up`, this.#checks, this.#registry);
  }

  /** @throws FatalError when it can't listen there. */
  async serve(address: ListenAddress, log: Logger): Promise<void> {
    await serve(address, metricsRoutes([this.#registry], this.#checks), log);
  }

  /** Deliveries come from another session now. */
  connected(session: QueueSession): void {
    this.#unacknowledged.follow(session);
  }

  /** Counts a batch that is acknowledged. */
  settled(
    channel: Channel,
    batch: readonly Delivery[],
    outcome: Outcome,
    milliseconds: number,
  ): void {
    this.#unacknowledged.settled(channel, batch.length);
    this.#batches.count(batch, outcome, milliseconds);
  }
}
