import { collectDefaultMetrics, Registry } from 'prom-client';

/**
 * Of the metrics that prom-client has of any process: what tells nothing here, or is a gauge with
 * the name of a counter.
 */
const LEFT_OUT = /^nodejs_(active_|heap_space_)/;

/** Processor, memory, files, garbage and the lag of the event loop of this process. */
export function processMetrics(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const { name } of registry.getMetricsAsArray()) {
    if (LEFT_OUT.test(name)) registry.removeSingleMetric(name);
  }
  return registry;
}
