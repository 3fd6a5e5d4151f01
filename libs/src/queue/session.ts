import { setMaxListeners } from 'node:events';
import type { Channel, ChannelModel, ConfirmChannel } from 'amqplib';
import { connectTo } from './connect.ts';
import { declareQueues } from './declare.ts';
import { deadLettersRejected } from './inspect.ts';
import { connectionProblem, FatalError, messageOf, TransientError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { formatAddress, type Address, type QueueConfig } from './address.ts';

/** How long it may take to declare queues and open channels, in milliseconds. */
const SETUP_TIMEOUT = 30_000;
/** How long a closing handshake may take, in milliseconds, before the socket is left to itself. */
const CLOSE_TIMEOUT = 2_000;

/** A connection to the broker, with everything on it that a service works with, while it lasts. */
export interface QueueSession {
  /** Channels in confirm mode. */
  channels: readonly ConfirmChannel[];
  /**
   * Aborted, with a TransientError, when the session is lost: the connection broke, the broker closed
   * a channel, or `fail` was called. Nothing more arrives, and nothing sent since can be relied on.
   */
  lost: AbortSignal;
  /** Whether the queue was not there, and was declared for this session. */
  isQueueNew: boolean;
  /**
   * Resolves when what the broker confirms is safe from a crash: once both queues are old enough to
   * be registered on its disk, or when the session is lost.
   */
  registered: Promise<void>;
  /**
   * Opens a channel in confirm mode beside the others: what the broker does not accept there closes
   * that one alone.
   */
  openChannel(): Promise<ConfirmChannel>;
  /** Whether the queue is known to hand what is rejected on to the dead-letter queue. */
  deadLettersRejected(): Promise<boolean>;
  /** Whether the broker has confirmed anything, or held back publishers by an alarm, which is no outage. */
  hasWorked(): boolean;
  /** Whether an alarm of the broker holds back publishers. */
  isBlocked(): boolean;
  /** Resolves at once, or when that is over. */
  unblocked(): Promise<void>;
  /** Gives the session up. */
  fail(reason: string): void;
  /** Closes it all, and does not wait for a broker that has stopped answering. */
  close(): Promise<void>;
}

/**
 * Connects to one broker, declares the queues that are missing and opens channels.
 *
 * @param clientName what the connection is called on the broker's management page.
 * @throws TransientError when the broker can't be reached or used now.
 * @throws FatalError when it refuses the user or the vhost, or a queue is of no use.
 */
export async function openSession(
  config: QueueConfig,
  address: Address,
  clientName: string,
  channelCount: number,
  log: Logger,
): Promise<QueueSession> {
  const connection = await connectTo(address, config, clientName);
  const lost = watchConnection(connection, address);
  try {
    const { isQueueNew, channels } = await inTime(async () => ({
      isQueueNew: await declareQueues(connection, config, log),
      channels: await Promise.all(
        Array.from({ length: channelCount }, () => connection.createConfirmChannel()),
      ),
    }));
    let hasWorked = false;
    const works = (): void => void (hasWorked = true);
    connection.once('blocked', works);
    for (const channel of channels) channel.once('ack', works);
    watchChannels(channels, lost);
    lost.signal.throwIfAborted();
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => (closing ??= withDeadline(closeAll(connection, channels)));
    // at once, and not when the work in hand is done: the broker gives what it delivered to others
    lost.signal.addEventListener('abort', () => void close(), { once: true });
    return {
      channels,
      lost: lost.signal,
      registered: Promise.resolve(),
      isQueueNew,
      openChannel: () => connection.createConfirmChannel(),
      deadLettersRejected: () => deadLettersRejected(connection, config),
      hasWorked: () => hasWorked,
      ...watchAlarms(connection, lost.signal, log),
      fail: (reason) => lost.abort(new TransientError(reason)),
      close,
    };
  } catch (error) {
    await withDeadline(closeAll(connection, []));
    if (error instanceof FatalError || error instanceof TransientError) throw error;
    throw new TransientError(
      `RabbitMQ at ${formatAddress(address)} can't be used: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** A broker may send heartbeats and yet never answer, as one does whose queue has no leader. */
async function inTime<T>(work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it does not answer')), SETUP_TIMEOUT);
  });
  try {
    return await Promise.race([work(), deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function watchConnection(connection: ChannelModel, address: Address): AbortController {
  const lost = new AbortController();
  // every worker listens, and more than once
  setMaxListeners(0, lost.signal);
  connection.once('close', (error?: Error) => {
    const why = error ? ` (${connectionProblem(error)})` : '';
    lost.abort(
      new TransientError(`the connection to RabbitMQ at ${formatAddress(address)} is lost${why}`),
    );
  });
  return lost;
}

function watchChannels(channels: readonly Channel[], lost: AbortController): void {
  for (const channel of channels) {
    channel.once('error', (error) => {
      lost.abort(new TransientError(`RabbitMQ closed a channel: ${messageOf(error)}`));
    });
  }
}

/** Listens for the broker's memory and disk alarms: https://www.rabbitmq.com/docs/connection-blocked */
function watchAlarms(
  connection: ChannelModel,
  lost: AbortSignal,
  log: Logger,
): Pick<QueueSession, 'isBlocked' | 'unblocked'> {
  let isBlocked = false;
  let alarm = Promise.resolve();
  let end = ignore;
  const onEnd = (): void => {
    isBlocked = false;
    end();
  };
  connection.on('blocked', (reason) => {
    log.warn({ reason }, `RabbitMQ accepts no messages (${reason}): reading pauses until it does`);
    isBlocked = true;
    alarm = new Promise((resolve) => (end = resolve));
  });
  connection.on('unblocked', () => {
    log.info('RabbitMQ accepts messages again');
    onEnd();
  });
  // nobody waits longer than the session lasts
  lost.addEventListener('abort', onEnd, { once: true });
  return { isBlocked: () => isBlocked, unblocked: () => alarm };
}

async function closeAll(connection: ChannelModel, channels: readonly Channel[]): Promise<void> {
  // a channel's closing is answered after everything that was sent on it; closing the connection
  // alone may overtake the last acknowledgements
  await Promise.allSettled(channels.map((channel) => closeChannel(channel)));
  await connection.close();
}

async function closeChannel(channel: Channel): Promise<void> {
  // throws at once, rather than rejects, when it is closed already
  await channel.close();
}

/** Waits for a closing to end, however it ends, but not for ever. */
async function withDeadline(closing: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise((resolve) => (timer = setTimeout(resolve, CLOSE_TIMEOUT)));
  await Promise.race([closing.catch(ignore), deadline]);
  clearTimeout(timer);
}

function ignore(): void {}
