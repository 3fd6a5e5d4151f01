import { killFor, type ServerName } from './servers.ts';

/** Whatever takes part in an import. */
export type Service = 'producer' | 'consumer';
export type Party = Service | ServerName;

/**
 * Kills parties with SIGKILL, so many times each, in a random order. Servers start again beside further
 * kills; when this resolves they run.
 *
 * @param killService kills a service, and starts another one.
 */
export async function killAtRandom(
  times: Record<Party, number>,
  killService: (service: Service) => Promise<void>,
): Promise<void> {
  const victims = shuffled([
    ...Array<Party>(times.producer).fill('producer'),
    ...Array<Party>(times.consumer).fill('consumer'),
    ...Array<Party>(times.rabbitmq).fill('rabbitmq'),
    ...Array<Party>(times.postgres).fill('postgres'),
  ]);
  const starting = new Map<ServerName, Promise<void>>();
  for (const victim of victims) {
    await soon();
    if (victim === 'producer' || victim === 'consumer') {
      await killService(victim);
    } else {
      await starting.get(victim);
      starting.set(victim, killFor(victim, 0));
    }
  }
  await Promise.all(starting.values());
}

/** Waits for a random time, up to half a second. */
export async function soon(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 500));
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item);
}
