import { setMaxListeners } from 'node:events';
import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { within } from '../deadline.ts';
import type { Logger } from '../logger.ts';
import { type Alarms, watchAlarms } from './alarms.ts';
import { closeAll } from './close.ts';

/** How long the broker may be silent, in milliseconds, alarms apart. */
const ANSWER_TIMEOUT = 30_000;

/** A connection with a channel in confirm mode, while both last. */
interface Line {
  channel: ConfirmChannel;
  alarms: Alarms;
  /** Aborted with what ended them. */
  lost: AbortController;
  close(): Promise<void>;
}

/**
 * A connection to publish on beside the one of a session: an alarm of the broker holds up a
 * connection that publishes as a whole, and some of what it does not accept costs the connection.
 * It is opened when it is needed, and replaced when it is lost.
 */
export class Aside {
  readonly #connect: () => Promise<ChannelModel>;
  readonly #onReturn: (queue: string) => void;
  readonly #log: Logger;
  #line: Line | undefined;
  #isClosed = false;
  #turns: Promise<unknown> = Promise.resolve();

  /** @param onReturn told of the queue that a message came back from: it is not there. */
  constructor(
    connect: () => Promise<ChannelModel>,
    onReturn: (queue: string) => void,
    log: Logger,
  ) {
    this.#connect = connect;
    this.#onReturn = onReturn;
    this.#log = log;
  }

  /**
   * Does some work on the channel, after what was asked for before: so what the broker closes it for
   * is this work.
   *
   * @param work `lost` is aborted with an Error when the channel or its connection is lost.
   * @throws what `connect` throws; Error when the broker does not answer, or it is closed.
   */
  async use<T>(work: (channel: ConfirmChannel, lost: AbortSignal) => Promise<T>): Promise<T> {
    const turn = this.#turns.then(async () => {
      const line = await this.#current();
      try {
        return await answered(line, work(line.channel, line.lost.signal));
      } catch (error) {
        line.lost.abort(error);
        throw error;
      }
    });
    this.#turns = turn.catch(() => {});
    return await turn;
  }

  /** Closes it for good; what is under way loses it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#line?.lost.abort(new Error('the session is over'));
    await this.#line?.close();
  }

  async #current(): Promise<Line> {
    if (!this.#line || this.#line.lost.signal.aborted) this.#line = await this.#open();
    return this.#line;
  }

  async #open(): Promise<Line> {
    const connection = await this.#connect();
    const lost = new AbortController();
    // each message that is on its way listens
    setMaxListeners(0, lost.signal);
    connection.on('close', (error) => lost.abort(error ?? new Error('it is closed')));
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => (closing ??= closeAll(connection, []));
    lost.signal.addEventListener('abort', () => void close(), { once: true });
    const alarms = watchAlarms(connection, lost.signal, this.#log);
    try {
      const channel = await within(ANSWER_TIMEOUT, connection.createConfirmChannel());
      channel.on('error', (error) => lost.abort(error));
      channel.on('return', ({ fields }) => this.#onReturn(fields.routingKey));
      if (this.#isClosed) throw new Error('the session is over');
      return { channel, alarms, lost, close };
    } catch (error) {
      lost.abort(error);
      throw lost.signal.reason;
    }
  }
}

/** Waits for the broker, for as long as an alarm keeps it from reading what was sent. */
async function answered<T>({ alarms }: Line, answer: Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await within(ANSWER_TIMEOUT, answer);
    } catch (error) {
      if (alarms.blockedBy() === undefined) throw error;
    }
  }
}
