import { messageOf } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import type { ConsumerConfig } from '../config.ts';
import type { Database } from '../database/connect.ts';
import type { Outages } from '../store/outages.ts';
import type { Metrics } from './metrics.ts';

/**
 * Serves metrics and health until the process ends.
 *
 * @returns what has to be told of the work; undefined where none are wanted: then nothing of it is
 * loaded.
 * @throws FatalError when the address can't be served.
 */
export async function serveMetrics(
  { metricsAddress }: ConsumerConfig,
  database: Database,
  outages: Outages,
  log: Logger,
): Promise<Metrics | undefined> {
  if (!metricsAddress) return undefined;
  const { Metrics } = await import('./metrics.ts');
  const metrics = new Metrics(() => databaseProblem(database, outages));
  await metrics.serve(metricsAddress, log);
  return metrics;
}

/** Why the database can't be worked with, or gives no sign of life; undefined when it can. */
export async function databaseProblem(
  database: Database,
  { problem }: Outages,
): Promise<string | undefined> {
  if (problem !== undefined) return problem;
  try {
    await database.ping();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
