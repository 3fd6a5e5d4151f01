import type { QueueSession } from '@csv2db/libs/queue/session.ts';
import type { Channel } from 'amqplib';
import { Gauge, type Registry } from 'prom-client';
import { InFlight } from './in-flight.ts';

/** How many deliveries are not acknowledged, and for how long. */
export class Unacknowledged {
  /** Of the session at hand. */
  #channels = new Map<Channel, InFlight>();

  /** @param prefix what the names begin with. */
  constructor(prefix: string, registry: Registry) {
    const channels = (): InFlight[] => [...this.#channels.values()];
    new Gauge({
      name: `${prefix}_unacknowledged_messages`,
      help: 'Messages that were delivered, and are not acknowledged.',
      registers: [registry],
      collect() {
        this.set(channels().reduce((sum, { count }) => sum + count, 0));
      },
    });
    new Gauge({
      name: `${prefix}_oldest_unacknowledged_age_seconds`,
      help: 'Time since the oldest of them was delivered; 0 when there is none.',
      registers: [registry],
      collect() {
        const now = performance.now();
        const oldest = Math.min(...channels().map(({ oldestAt }) => oldestAt ?? now), now);
        this.set((now - oldest) / 1000);
      },
    });
  }

  /** Of a session that is lost, the broker has taken everything back. */
  follow({ channels, lost }: QueueSession): void {
    const followed = new Map(channels.map((channel) => [channel, new InFlight(channel)]));
    this.#channels = followed;
    lost.addEventListener('abort', () => followed.clear(), { once: true });
  }

  /** The oldest so many of a channel are acknowledged. */
  settled(channel: Channel, messages: number): void {
    this.#channels.get(channel)?.acknowledge(messages);
  }
}
