import type { Registry } from 'prom-client';
import type { QueueState } from '../queue/state.ts';
import { readCounter } from './read.ts';

/**
 * A counter of the reconnects to the broker.
 *
 * @param prefix what its name begins with.
 */
export function reconnectCounter(prefix: string, queue: QueueState, registry: Registry): void {
  readCounter(
    registry,
    `${prefix}_queue_reconnects_total`,
    'Sessions with RabbitMQ after the first one.',
    () => Math.max(0, queue.sessions - 1),
  );
}
