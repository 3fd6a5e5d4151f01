import { within } from '@csv2db/libs/deadline.ts';
import { messageOf } from '@csv2db/libs/errors.ts';
import type { QueueConfig } from '@csv2db/libs/queue/address.ts';
import { closeAll } from '@csv2db/libs/queue/close.ts';
import { connectToFirst } from '@csv2db/libs/queue/connect.ts';
import { depthOf } from '@csv2db/libs/queue/inspect.ts';
import type { ChannelModel } from 'amqplib';

/** How long to wait for the broker, in milliseconds: the proof does not depend on it. */
const ANSWER_TIMEOUT = 5_000;

/** How many messages wait. */
export interface Depths {
  /** Undefined where there is no such queue, or it is not known. */
  queue: number | undefined;
  dead: number | undefined;
  /** Why that is not known; undefined where it is. */
  problem: string | undefined;
}

/** Looks how deep the queues are, over one connection as long as that lasts. */
export class DepthGauge {
  readonly #config: QueueConfig;
  #connection: ChannelModel | undefined;

  constructor(config: QueueConfig) {
    this.#config = config;
  }

  /** The depths now. It takes 5 s where the broker does not answer. */
  async read(): Promise<Depths> {
    const { name, deadName } = this.#config;
    try {
      const connection = await this.#connected();
      const depths = Promise.all([depthOf(connection, name), depthOf(connection, deadName)]);
      const [queue, dead] = await within(ANSWER_TIMEOUT, depths);
      return { queue, dead, problem: undefined };
    } catch (error) {
      await this.close();
      return { queue: undefined, dead: undefined, problem: messageOf(error) };
    }
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection) await closeAll(connection, []);
  }

  async #connected(): Promise<ChannelModel> {
    if (this.#connection) return this.#connection;
    const connecting = connectToFirst(this.#config, 'csv2db consumer status');
    const connection = await within(ANSWER_TIMEOUT, connecting).catch((error: unknown) => {
      // one that comes later is nobody's
      void connecting.then((late) => closeAll(late, [])).catch(() => {});
      throw error;
    });
    connection.once('close', () => {
      // one that did not answer ends long after another one has taken its place
      if (this.#connection === connection) this.#connection = undefined;
    });
    return (this.#connection = connection);
  }
}
