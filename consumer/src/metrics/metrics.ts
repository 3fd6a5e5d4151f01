import { type Check, upGauge } from '@csv2db/libs/metrics/health.ts';
import { reconnectCounter } from '@csv2db/libs/metrics/reconnects.ts';
import { metricsRoutes } from '@csv2db/libs/metrics/routes.ts';
import type { Routes } from '@csv2db/libs/metrics/server.ts';
import type { QueueSession } from '@csv2db/libs/queue/session.ts';
import type { QueueState } from '@csv2db/libs/queue/state.ts';
import type { Channel } from 'amqplib';
import { Registry } from 'prom-client';
import type { Delivery, Outcome } from '../batch.ts';
import { Reasons } from '../page/reasons.ts';
import { Recent } from '../page/recent.ts';
import { BatchMetrics } from './batches.ts';
import { Unacknowledged } from './unacknowledged.ts';

const PREFIX = 'csv2db_consumer';

/** What a consumer tells Prometheus and its page. It is told of the work, and changes nothing of it. */
export class Metrics {
  readonly recent = new Recent();
  readonly reasons = new Reasons();
  readonly #registry = new Registry();
  readonly #checks: { queue: Check; database: Check };
  readonly #batches: BatchMetrics;
  readonly #unacknowledged: Unacknowledged;

  constructor(queue: QueueState, database: Check) {
    this.#checks = { queue: () => queue.problem(), database };
    reconnectCounter(PREFIX, queue, this.#registry);
    this.#batches = new BatchMetrics(PREFIX, this.#registry);
    this.#unacknowledged = new Unacknowledged(PREFIX, this.#registry);
    upGauge(`${PREFIX}_server_up`, this.#checks, this.#registry);
  }

  /** What answers over HTTP. */
  routes(): Routes {
    return metricsRoutes([this.#registry], this.#checks);
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
    this.recent.count(outcome);
    this.reasons.count(outcome.refusals);
  }
}
