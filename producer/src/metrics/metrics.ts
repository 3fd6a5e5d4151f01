import { messageOf } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import { upGauge } from '@csv2db/libs/metrics/health.ts';
import { QueueWatch } from '@csv2db/libs/metrics/queue-watch.ts';
import { metricsRoutes } from '@csv2db/libs/metrics/routes.ts';
import { serve } from '@csv2db/libs/metrics/server.ts';
import type { ListenAddress } from '@csv2db/libs/options/values.ts';
import { Counter, Gauge, Registry } from 'prom-client';
import type { ShipEvent } from '../ship.ts';
import { RowMetrics } from './rows.ts';
import { writeTextfile } from './textfile.ts';

const PREFIX = 'csv2db_producer';

/** What a producer tells Prometheus. It is told of the import, and changes nothing of it. */
export class Metrics {
  readonly queue: QueueWatch;
  /** What is of interest after the end, too. */
  readonly #numbers = new Registry();
  readonly #states = new Registry();
  readonly #checks = { queue: () => this.queue.problem() };
  readonly #rows: RowMetrics;
  readonly #finished: Gauge;
  readonly #file: string | undefined;
  readonly #log: Logger;

  /**
   * @param bytesRead how much of the files was read so far.
   * @param file where to write the numbers at the end; undefined for nowhere.
   */
  constructor(bytesRead: () => number, file: string | undefined, log: Logger) {
    this.#file = file;
    this.#log = log;
    this.queue = new QueueWatch(PREFIX, this.#numbers);
    this.#rows = new RowMetrics(PREFIX, this.#numbers);
    upGauge(`${PREFIX}_server_up`, this.#checks, this.#states);
    const isBlocked = (): boolean => this.queue.isBlocked();
    new Gauge({
      name: `${PREFIX}_queue_blocked`,
      help: 'Whether an alarm of RabbitMQ holds back what is sent.',
      registers: [this.#states],
      collect() {
        this.set(isBlocked() ? 1 : 0);
      },
    });
    new Counter({
      name: `${PREFIX}_read_bytes_total`,
      help: 'Bytes of text that were read, unpacked and in UTF-8, behind the headers.',
      registers: [this.#numbers],
      collect() {
        this.reset();
        this.inc(bytesRead());
      },
    });
    this.#finished = new Gauge({
      name: `${PREFIX}_finished`,
      help: 'Whether all was read, and is confirmed or rejected.',
      registers: [this.#numbers],
    });
  }

  /** @throws FatalError when it can't listen there. */
  async serve(address: ListenAddress): Promise<void> {
    await serve(address, metricsRoutes([this.#numbers, this.#states], this.#checks), this.#log);
  }

  count(event: ShipEvent): void {
    this.#rows.count(event);
  }

  /** Writes the numbers to the file, without those of the process, which node_exporter has itself. */
  async write(): Promise<void> {
    if (this.#file !== undefined) await writeTextfile(this.#file, await this.#numbers.metrics());
  }

  /** Writes the last numbers; where that fails, the import is none the worse. */
  async finish(isFinished: boolean): Promise<void> {
    this.#finished.set(isFinished ? 1 : 0);
    await this.write().catch((error: unknown) => this.#log.warn(messageOf(error)));
  }
}
