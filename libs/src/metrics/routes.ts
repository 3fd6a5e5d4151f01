import { Registry } from 'prom-client';
import { type Checks, healthRoutes } from './health.ts';
import { processMetrics } from './process.ts';
import type { Routes } from './server.ts';

/** `/metrics`, of a service and of its process, and its health. */
export function metricsRoutes(registries: readonly Registry[], checks: Checks): Routes {
  const all = Registry.merge([...registries, processMetrics()]);
  return {
    '/metrics': async () => ({ status: 200, type: all.contentType, body: await all.metrics() }),
    ...healthRoutes(checks),
  };
}
