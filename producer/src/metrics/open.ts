import type { Logger } from '@csv2db/libs/logger.ts';
import type { ProducerConfig } from '../config.ts';
import type { Metrics, Sources } from './metrics.ts';

/**
 * Serves metrics and health until the process ends, and sees that they can be written to a file.
 *
 * @returns what has to be told of its end; undefined where none are wanted: then nothing of it
 * is loaded.
 * @throws FatalError when the address can't be served, or the file can't be written.
 */
export async function openMetrics(
  { metricsAddress, metricsFile }: ProducerConfig,
  sources: Sources,
  log: Logger,
): Promise<Metrics | undefined> {
  if (!metricsAddress && metricsFile === undefined) return undefined;
  const { Metrics } = await import('./metrics.ts');
  const metrics = new Metrics(sources, metricsFile, log);
  if (metricsFile !== undefined) await metrics.write();
  if (metricsAddress) await metrics.serve(metricsAddress);
  return metrics;
}
