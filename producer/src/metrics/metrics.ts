import { messageOf } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import { type Check, upGauge } from '@csv2db/libs/metrics/health.ts';
import { readCounter, readGauge } from '@csv2db/libs/metrics/read.ts';
import { reconnectCounter } from '@csv2db/libs/metrics/reconnects.ts';
import { metricsRoutes } from '@csv2db/libs/metrics/routes.ts';
import { serve } from '@csv2db/libs/metrics/server.ts';
import type { ListenAddress } from '@csv2db/libs/options/values.ts';
import type { QueueState } from '@csv2db/libs/queue/state.ts';
import { Registry } from 'prom-client';
import type { Progress } from '../progress.ts';
import type { Inputs } from '../source/inputs.ts';
import { writeTextfile } from './textfile.ts';

const PREFIX = 'csv2db_producer';

/** What is read for it. */
export interface Sources {
  progress: Progress;
  inputs: Inputs;
  queue: QueueState;
}

/** What a producer tells Prometheus. It reads what is known of the import, and changes nothing of it. */
export class Metrics {
  /** What is of interest after the end, too. */
  readonly #numbers = new Registry();
  readonly #states = new Registry();
  readonly #checks: { queue: Check };
  readonly #file: string | undefined;
  readonly #log: Logger;
  #isFinished = false;

  /** @param file where to write the numbers at the end; undefined for nowhere. */
  constructor({ progress, inputs, queue }: Sources, file: string | undefined, log: Logger) {
    this.#file = file;
    this.#log = log;
    this.#checks = { queue: () => queue.problem() };
    const numbers = this.#numbers;
    readCounter(numbers, `${PREFIX}_rows_read_total`, 'Rows that were read.', () => progress.read);
    readCounter(
      numbers,
      `${PREFIX}_rows_published_total`,
      'Rows that RabbitMQ has confirmed.',
      () => progress.published,
    );
    readCounter(
      numbers,
      `${PREFIX}_rows_rejected_total`,
      'Rows that were read, and are not sent.',
      () => progress.rejects.count,
    );
    readGauge(
      numbers,
      `${PREFIX}_unconfirmed_rows`,
      'Rows that were sent, and that RabbitMQ has not confirmed.',
      () => progress.unconfirmed,
    );
    readCounter(
      numbers,
      `${PREFIX}_read_bytes_total`,
      'Bytes of text that were read, unpacked and in UTF-8, behind the headers.',
      () => inputs.bytesRead,
    );
    readGauge(
      numbers,
      `${PREFIX}_finished`,
      'Whether all was read, and is confirmed or rejected.',
      () => Number(this.#isFinished),
    );
    reconnectCounter(PREFIX, queue, numbers);
    readGauge(
      this.#states,
      `${PREFIX}_queue_blocked`,
      'Whether an alarm of RabbitMQ holds back what is sent.',
      () => Number(queue.alarm() !== undefined),
    );
    upGauge(`${PREFIX}_server_up`, this.#checks, this.#states);
  }

  /** @throws FatalError when it can't listen there. */
  async serve(address: ListenAddress): Promise<void> {
    await serve(address, metricsRoutes([this.#numbers, this.#states], this.#checks), this.#log);
  }

  /** Writes the numbers to the file, without those of the process, which node_exporter has itself. */
  async write(): Promise<void> {
    if (this.#file !== undefined) await writeTextfile(this.#file, await this.#numbers.metrics());
  }

  /** Writes the last numbers; where that fails, the import is none the worse. */
  async finish(isFinished: boolean): Promise<void> {
    this.#isFinished = isFinished;
    await this.write().catch((error: unknown) => this.#log.warn(messageOf(error)));
  }
}
