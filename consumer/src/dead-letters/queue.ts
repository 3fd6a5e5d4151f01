import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { within } from '@csv2db/libs/deadline.ts';
import { FatalError, messageOf } from '@csv2db/libs/errors.ts';
import { formatAddress, type QueueConfig } from '@csv2db/libs/queue/address.ts';
import { type Outgoing, publishConfirmed } from '@csv2db/libs/queue/confirm.ts';
import { connectToFirst, onChannel } from '@csv2db/libs/queue/connect.ts';
import { exists } from '@csv2db/libs/queue/existing.ts';
import { type DeliveryLimit, deliveryLimitOf } from '@csv2db/libs/queue/inspect.ts';
import { wordsOf } from '@csv2db/libs/queue/refusal.ts';
import { isMarkedYoung, YOUTH } from '@csv2db/libs/queue/young.ts';
import type { ChannelModel, ConfirmChannel, GetMessage } from 'amqplib';
import { DELIVERY_COUNT, toSameLetter } from './letter.ts';

/** How long the broker may take to answer, in milliseconds. */
const ANSWER_TIMEOUT = 30_000;
/** The share of the looks at a letter after which the next one is refused. */
const WORN_OUT = 0.75;

/**
 * The dead-letter queue, as a person looks at it. The letters that it hands out are held until they
 * are moved, or it is closed.
 */
export class DeadQueue {
  readonly name: string;
  /** Letters that were there when it was opened. */
  readonly count: number;
  /** How often a letter may be looked at before RabbitMQ deletes it. */
  readonly limit: DeliveryLimit;
  readonly #connection: ChannelModel;
  readonly #channel: ConfirmChannel;
  readonly #lost = new AbortController();

  private constructor(
    name: string,
    count: number,
    limit: DeliveryLimit,
    connection: ChannelModel,
    channel: ConfirmChannel,
  ) {
    this.name = name;
    this.count = count;
    this.limit = limit;
    this.#connection = connection;
    this.#channel = channel;
    // each letter that is on its way listens
    setMaxListeners(0, this.#lost.signal);
    channel.on('error', (error) => this.#lost.abort(error));
    channel.on('return', () => this.#lost.abort(new Error('there is no such queue')));
    connection.once('close', () => this.#lost.abort(new Error('the connection is lost')));
  }

  /** @throws FatalError when the broker can't be reached, or there is no such queue. */
  static async open(config: QueueConfig): Promise<DeadQueue> {
    const name = config.deadName;
    const connection = await connectToFirst(config, 'csv2db consumer dead');
    try {
      if (!(await exists(connection, name))) throw missing(config);
      const { messageCount } = await onChannel(connection, (channel) => channel.checkQueue(name));
      const limit = await deliveryLimitOf(connection, name);
      const channel = await connection.createConfirmChannel();
      return new DeadQueue(name, messageCount, limit, connection, channel);
    } catch (error) {
      await within(ANSWER_TIMEOUT, connection.close()).catch(() => {});
      throw unusable(name, error);
    }
  }

  /**
   * The letters that were there at the start, in their order.
   *
   * @param force hands out even those that RabbitMQ may delete when they are given back.
   * @param signal ends them.
   * @throws FatalError when one was looked at too often, or the broker is gone.
   */
  async *letters(force: boolean, signal: AbortSignal): AsyncGenerator<GetMessage, void> {
    for (let number = 1; number <= this.count && !signal.aborted; number += 1) {
      const message = await this.#next();
      if (!message) return;
      if (!force) await this.#refuseWornOut(message);
      yield message;
    }
  }

  /**
   * Waits until a queue is old enough for a confirm to outlive a crash of the broker, if it may not
   * be.
   */
  async ripen(queue: string): Promise<void> {
    if (await isMarkedYoung(this.#connection, [queue])) await pause(YOUTH);
  }

  /**
   * Publishes messages to a queue, and takes the letters that they were out of this one, after the
   * broker has confirmed them: what happens in between makes two of one, not none.
   *
   * @returns why any of them stay, by their letters.
   * @throws FatalError when there is no such queue, or the broker is gone.
   */
  async move(
    messages: readonly (Outgoing & { letter: GetMessage })[],
    to: string,
  ): Promise<Map<GetMessage, string>> {
    const left = new Map<GetMessage, string>();
    const sent = messages.map(async (message) => {
      const [refused] = await this.#publish(message, to);
      if (refused) left.set(message.letter, 'RabbitMQ refused it: the queue may be full');
      else this.#channel.ack(message.letter);
    });
    for (const [index, result] of (await Promise.allSettled(sent)).entries()) {
      const message = messages[index];
      if (message && result.status === 'rejected') {
        left.set(message.letter, messageOf(result.reason));
      }
    }
    if (this.#lost.signal.aborted) {
      const problem = messageOf(this.#lost.signal.reason);
      throw new FatalError(`dead letters can't be moved to "${to}": ${problem}`);
    }
    return left;
  }

  /** Deletes the letters. @returns their number. */
  async purge(): Promise<number> {
    try {
      const purge = this.#channel.purgeQueue(this.name);
      return (await within(ANSWER_TIMEOUT, purge)).messageCount;
    } catch (error) {
      throw unusable(this.name, error);
    }
  }

  /**
   * Gives back what is held. It says so, rather than only close the channel: since RabbitMQ 4.3
   * that does not count as a delivery in vain.
   */
  async close(): Promise<void> {
    try {
      this.#channel.nackAll(true);
      await within(ANSWER_TIMEOUT, this.#channel.close());
      await within(ANSWER_TIMEOUT, this.#connection.close());
    } catch {
      // they are closed already; what closed them was met before
    }
  }

  async #next(): Promise<GetMessage | false> {
    try {
      return await within(ANSWER_TIMEOUT, this.#channel.get(this.name));
    } catch (error) {
      throw unusable(this.name, error);
    }
  }

  async #refuseWornOut(message: GetMessage): Promise<void> {
    const headers: Record<string, unknown> = message.properties.headers ?? {};
    const looks = headers[DELIVERY_COUNT];
    const { times } = this.limit;
    // beyond the limit there is none: a policy has lifted it
    if (typeof looks !== 'number' || looks < WORN_OUT * times || looks > times) return;
    // it would be deleted when it is given back
    if (looks === times)
      await this.move([{ letter: message, ...toSameLetter(message) }], this.name);
    throw new FatalError(
      `a letter in "${this.name}" was looked at ${looks} times, and RabbitMQ deletes it after ${times}: ` +
        `see the warning, and look again with --force`,
    );
  }

  async #publish(message: Outgoing, to: string): Promise<Outgoing[]> {
    const answer = publishConfirmed(this.#channel, to, [message], this.#lost.signal);
    return await within(ANSWER_TIMEOUT, answer);
  }
}

function missing({ addresses, deadName, flags }: QueueConfig): FatalError {
  const where = addresses.map(formatAddress).join(', ');
  return new FatalError(
    `there are no dead letters: RabbitMQ at ${where} has no queue "${deadName}", which the services make when they start; ` +
      `if they have, check ${flags.address}, --queue-name and --dead-queue`,
  );
}

function unusable(queue: string, error: unknown): FatalError {
  if (error instanceof FatalError) return error;
  return new FatalError(`the queue "${queue}" can't be used: ${wordsOf(error)}`, { cause: error });
}
