import type { Logger } from '@csv2db/libs/logger.ts';
import { serve } from '@csv2db/libs/metrics/server.ts';
import type { QueueState } from '@csv2db/libs/queue/state.ts';
import type { ConsumerConfig } from '../config.ts';
import type { Database } from '../database/connect.ts';
import type { Outages } from '../store/outages.ts';
import type { Metrics } from './metrics.ts';

/**
 * Serves metrics, health and the status page until the process ends.
 *
 * @returns what has to be told of the work; undefined where none are wanted: then nothing of it is
 * loaded.
 * @throws FatalError when the address can't be served.
 */
export async function serveMetrics(
  config: ConsumerConfig,
  queue: QueueState,
  database: Database,
  outages: Outages,
  log: Logger,
): Promise<Metrics | undefined> {
  if (!config.metricsAddress) return undefined;
  const [{ Metrics }, { pageRoutes }, { statusOf }] = await Promise.all([
    import('./metrics.ts'),
    import('../page/routes.ts'),
    import('../page/status.ts'),
  ]);
  const metrics = new Metrics(queue, async () => (await outages.problemNow(database))?.message);
  const { recent, reasons } = metrics;
  const outage = (): string | undefined => outages.problem?.message;
  const page = pageRoutes(statusOf(config, { recent, reasons, queue, outage }));
  await serve(config.metricsAddress, { ...metrics.routes(), ...page }, log);
  return metrics;
}
