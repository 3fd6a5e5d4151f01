import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { ChannelModel, ConfirmChannel } from 'amqplib';
import { within } from '../deadline.ts';
import { codeOf, FatalError, messageOf, TransientError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { type Address, formatAddress, type QueueConfig } from './address.ts';
import { type Alarms, watchAlarms } from './alarms.ts';
import { Aside } from './aside.ts';
import { closeAll } from './close.ts';
import { connectTo } from './connect.ts';
import { declareQueues } from './declare.ts';
import { deadLettersRejected, depthOf } from './inspect.ts';
import { channelLoss, connectionLoss, GivenBackError, type Loss } from './losses.ts';
import { wordsOf } from './refusal.ts';
import { isMarkedYoung, YOUTH } from './young.ts';

/** How long it may take to declare queues and open channels, in milliseconds. */
const SETUP_TIMEOUT = 30_000;

/** A connection to the broker, with everything on it that a service works with, while it lasts. */
export interface QueueSession extends Alarms {
  /** Channels in confirm mode. */
  channels: readonly ConfirmChannel[];
  /**
   * Aborted when the session is lost: the connection broke, the broker closed a channel, or `fail`
   * or `giveBack` was called. Nothing more arrives, and nothing sent since can be relied on. Its reason is a
   * TransientError, a MessageTooLargeError among them, or, where a right is missing, a FatalError.
   */
  lost: AbortSignal;
  /** Whether the queue was not there, and was declared for this session. */
  isQueueNew: boolean;
  /**
   * Resolves when the queues are old enough for a confirm to outlive a crash of the broker: at once
   * as a rule, after two seconds where one is new. It resolves, too, when the session is lost
   * before: nothing that was confirmed in it can be relied on then.
   */
  registered: Promise<void>;
  /**
   * Where to publish what must neither cost the session nor hold it up. What comes back from there
   * fails it: the next one declares the queue.
   */
  aside: Aside;
  /** Whether the queue is known to hand what is rejected on to the dead-letter queue. */
  deadLettersRejected(): Promise<boolean>;
  /**
   * How many messages are ready in the queue, asked on a channel of its own; undefined where the
   * queue is gone. It is rejected when the session is lost, or has no channel left.
   */
  depth(): Promise<number | undefined>;
  /**
   * Whether the broker has confirmed or delivered anything, or held back publishers by an alarm,
   * which is no outage.
   */
  hasWorked(): boolean;
  /** Gives the session up. */
  fail(reason: string): void;
  /** Gives it up with all that was delivered, which nothing can be done with now: no fault of the broker. */
  giveBack(reason: string): void;
  /** Closes it all, and does not wait for a broker that has stopped answering. */
  close(): Promise<void>;
}

/**
 * Connects to one broker, declares the queues that are missing and opens channels.
 *
 * @param clientName what the connection is called on the broker's management page.
 * @throws TransientError when the broker can't be reached or used now.
 * @throws FatalError when it refuses the user or the vhost, has too few channels, or a queue is of
 * no use.
 */
export async function openSession(
  config: QueueConfig,
  address: Address,
  clientName: string,
  channelCount: number,
  log: Logger,
): Promise<QueueSession> {
  const connection = await connectTo(address, config, clientName);
  const lost = new AbortController();
  // every worker listens, and more than once
  setMaxListeners(0, lost.signal);
  const lose = (reason: Loss): void => lost.abort(reason);
  connection.on('close', (error) => lose(connectionLoss(error, address, config.name)));
  const setUp = async () => ({
    ...(await declareQueues(connection, config, log)),
    channels: await openChannels(connection, channelCount),
  });
  try {
    // a broker may send heartbeats and yet never answer, as one does whose queue has no leader
    const { isQueueNew, channels, ...declared } = await within(SETUP_TIMEOUT, setUp());
    const isYoung = declared.isYoung || (await isYoungToOthers(config, address, clientName));
    let hasWorked = false;
    const works = (): void => void (hasWorked = true);
    connection.once('blocked', works);
    for (const channel of channels) {
      channel.once('ack', works).once('delivery', works);
      channel.once('error', (error) => lose(channelLoss(error, config)));
    }
    lost.signal.throwIfAborted();
    const aside = new Aside(
      () => connectTo(address, config, `${clientName}, dead letters`),
      (queue) => lose(new TransientError(`the queue "${queue}" is gone`)),
      log,
    );
    let closing: Promise<unknown> | undefined;
    const close = async (): Promise<void> => {
      await (closing ??= Promise.all([closeAll(connection, channels), aside.close()]));
    };
    // at once, and not when the work in hand is done: the broker gives what it delivered to others
    lost.signal.addEventListener('abort', () => void close(), { once: true });
    return {
      channels,
      lost: lost.signal,
      isQueueNew,
      aside,
      deadLettersRejected: () => deadLettersRejected(connection, config),
      depth: () => depthOf(connection, config.name),
      registered: isYoung ? passed(YOUTH, lost.signal) : Promise.resolve(),
      hasWorked: () => hasWorked,
      ...watchAlarms(connection, lost.signal, log),
      fail: (reason) => lose(new TransientError(reason)),
      giveBack: (reason) => lose(new GivenBackError(reason)),
      close,
    };
  } catch (error) {
    // what fails on a connection that is lost is only a consequence
    const first: unknown = lost.signal.aborted ? lost.signal.reason : error;
    await closeAll(connection, []);
    throw setUpProblem(first, address, channelCount);
  }
}

async function openChannels(connection: ChannelModel, count: number): Promise<ConfirmChannel[]> {
  return await Promise.all(Array.from({ length: count }, () => connection.createConfirmChannel()));
}

/**
 * Whether somebody else has declared a queue just now. It is asked on a connection aside, because an
 * alarm of the broker holds up one that publishes as a whole. Where nobody can tell, it is young.
 *
 * @throws FatalError when the user may not publish.
 */
async function isYoungToOthers(
  config: QueueConfig,
  address: Address,
  clientName: string,
): Promise<boolean> {
  let aside: ChannelModel;
  try {
    aside = await connectTo(address, config, `${clientName}, asking whether the queue is new`);
  } catch {
    return true;
  }
  const alarm = new Promise<true>((resolve) => aside.once('blocked', () => resolve(true)));
  try {
    const answer = isMarkedYoung(aside, [config.name, config.deadName]);
    return await within(SETUP_TIMEOUT, Promise.race([answer, alarm]));
  } catch (error) {
    if (codeOf(error) !== '403') throw error;
    const why = `the user "${config.user}" may not publish (${wordsOf(error)})`;
    throw new FatalError(`${why}: set_permissions of rabbitmqctl allows it`, { cause: error });
  } finally {
    await closeAll(aside, []);
  }
}

/** Why a session could not be opened on a connection. */
function setUpProblem(error: unknown, address: Address, channelCount: number): Loss {
  if (error instanceof FatalError) return error;
  const text = messageOf(error);
  const cause = { cause: error };
  const where = `RabbitMQ at ${formatAddress(address)}`;
  const needed = `the ${channelCount} channels that are needed`;
  if (/no channels left/i.test(text)) {
    const problem = `${where} allows fewer than ${needed} (channel_max): lower --parallel`;
    return new FatalError(problem, cause);
  }
  if (/number of channels/i.test(text)) {
    return new TransientError(`${where} refuses ${needed} (${text}): lower --parallel`, cause);
  }
  if (error instanceof TransientError) return error;
  return new TransientError(`${where} can't be used: ${text}`, cause);
}

/** Resolves after some time, or when the signal is aborted. */
async function passed(milliseconds: number, signal: AbortSignal): Promise<void> {
  await pause(milliseconds, undefined, { signal }).catch(() => {});
}
