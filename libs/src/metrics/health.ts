import { Gauge, type Registry } from 'prom-client';
import type { Answer, Routes } from './server.ts';

/** Why a server can't be worked with now; undefined when it can. */
export type Check = () => string | undefined | Promise<string | undefined>;

/** A check of each server that a service needs, by the server's name. */
export type Checks = Readonly<Record<string, Check>>;

/**
 * `/livez`, which answers as long as the process does, and `/readyz`, which has status 503 and says
 * why while a server is down.
 */
export function healthRoutes(checks: Checks): Routes {
  return {
    '/livez': () => json(200, { status: 'up' }),
    '/readyz': async () => {
      const states = await checked(checks);
      const isUp = states.every(([, problem]) => problem === undefined);
      return json(isUp ? 200 : 503, {
        status: isUp ? 'up' : 'down',
        ...Object.fromEntries(
          states.map(([name, problem]) => [
            name,
            problem === undefined ? 'up' : `down: ${problem}`,
          ]),
        ),
      });
    },
  };
}

/** A gauge that is 1 for each server that is up, looked at for each scrape. */
export function upGauge(name: string, checks: Checks, registry: Registry): void {
  new Gauge({
    name,
    help: 'Whether the server can be worked with.',
    labelNames: ['server'],
    registers: [registry],
    async collect() {
      for (const [server, problem] of await checked(checks)) {
        this.set({ server }, problem === undefined ? 1 : 0);
      }
    },
  });
}

async function checked(checks: Checks): Promise<[name: string, problem: string | undefined][]> {
  return await Promise.all(
    Object.entries(checks).map(async ([name, check]): Promise<[string, string | undefined]> => [
      name,
      await check(),
    ]),
  );
}

function json(status: number, body: object): Answer {
  return { status, type: 'application/json', body: `${JSON.stringify(body)}\n` };
}
