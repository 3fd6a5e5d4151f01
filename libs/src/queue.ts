import { connect, type Channel, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { codeOf, connectionProblem, FatalError, messageOf, TransientError } from './errors.ts';
import type { Logger } from './logger.ts';
import { formatAddress, type Address, type QueueConfig } from './queue-config.ts';

/** How often a message may be delivered in vain before it is dead-lettered; RabbitMQ 4's default. */
const DELIVERY_LIMIT = 20;
/** How long the broker may take to accept a connection and its handshake, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;
/** How long it may take to declare queues and open channels, in milliseconds. */
const SETUP_TIMEOUT = 30_000;
/** Seconds between heartbeats; a peer silent for two of them is gone. */
const HEARTBEAT = 10;
/** How long a closing handshake may take, in milliseconds, before the socket is left to itself. */
const CLOSE_TIMEOUT = 2_000;

/** A connection to the broker, with everything on it that a service works with, while it lasts. */
export interface QueueSession {
  /** Channels in confirm mode, one for each worker. */
  channels: readonly ConfirmChannel[];
  /**
   * Aborted, with a TransientError, when the session is lost: the connection broke, the broker closed
   * a channel, or `fail` was called. Nothing more arrives, and nothing sent since can be relied on.
   */
  lost: AbortSignal;
  /** Whether the queue was not there, and was declared for this session. */
  isQueueNew: boolean;
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
 * Connects to one broker, declares the queues that are missing and opens `parallel` channels.
 *
 * @param clientName what the connection is called on the broker's management page.
 * @throws TransientError when the broker can't be reached or used now.
 * @throws FatalError when it refuses the user or the vhost, or a queue is of no use.
 */
export async function openSession(
  config: QueueConfig,
  address: Address,
  clientName: string,
  parallel: number,
  log: Logger,
): Promise<QueueSession> {
  const connection = await connectTo(address, config, clientName);
  try {
    const { isQueueNew, channels } = await inTime(async () => ({
      isQueueNew: await declareQueues(connection, config, log),
      channels: await Promise.all(
        Array.from({ length: parallel }, () => connection.createConfirmChannel()),
      ),
    }));
    const lost = watch(connection, channels, address);
    return {
      channels,
      lost: lost.signal,
      isQueueNew,
      ...watchAlarms(connection, log),
      fail: (reason) => lost.abort(new TransientError(reason)),
      close: () => withDeadline(closeAll(connection, channels)),
    };
  } catch (error) {
    await withDeadline(connection.close());
    if (error instanceof FatalError) throw error;
    throw new TransientError(
      `RabbitMQ at ${formatAddress(address)} can't be used: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/**
 * Connects to the first broker that answers, for work that is not worth waiting for.
 *
 * @throws FatalError when none does.
 */
export async function connectToFirst(
  config: QueueConfig,
  clientName: string,
): Promise<ChannelModel> {
  let failure: unknown;
  for (const address of config.addresses) {
    try {
      return await connectTo(address, config, clientName);
    } catch (error) {
      failure = error;
    }
  }
  throw new FatalError(messageOf(failure), { cause: failure });
}

async function connectTo(
  address: Address,
  { user, password }: QueueConfig,
  clientName: string,
): Promise<ChannelModel> {
  try {
    const connection = await connect(
      {
        hostname: address.host,
        port: address.port,
        username: user,
        password,
        vhost: address.vhost,
        heartbeat: HEARTBEAT,
      },
      {
        timeout: CONNECT_TIMEOUT,
        noDelay: true,
        keepAlive: true,
        clientProperties: { connection_name: clientName },
      },
    );
    // `close` follows every `error` and carries it; without a listener an `error` would be uncaught
    connection.on('error', ignore);
    return connection;
  } catch (error) {
    const where = `RabbitMQ at ${formatAddress(address)}`;
    const text = messageOf(error);
    if (/ACCESS.REFUSED/.test(text)) {
      throw new FatalError(
        `${where} refused the user "${user}": check --queue-user and --queue-pass`,
        { cause: error },
      );
    }
    // the broker says why, but amqplib does not pass it on
    if (/ConnectionOpenOk/.test(text)) {
      throw new FatalError(
        `${where}: the vhost "${address.vhost}" does not exist, or is closed to the user "${user}"`,
        { cause: error },
      );
    }
    throw new TransientError(
      `${where} (--queue-addr) can't be reached: ${connectionProblem(error)}`,
      {
        cause: error,
      },
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

/**
 * Declares the dead-letter queue and the queue, where they are missing.
 *
 * @returns whether the queue was.
 */
async function declareQueues(
  connection: ChannelModel,
  { name, deadName, type }: QueueConfig,
  log: Logger,
): Promise<boolean> {
  const isV4 = /^([4-9]|\d\d)\./.test(connection.connection.serverProperties.version);
  const quorum = { 'x-queue-type': 'quorum' };
  // what is dead stays: since RabbitMQ 4 a quorum queue has a delivery limit unless told otherwise
  const dead = isV4 ? { ...quorum, 'x-delivery-limit': -1 } : quorum;
  await declareQueue(connection, deadName, type === 'quorum' ? dead : {}, log);
  const live = {
    ...quorum,
    'x-delivery-limit': DELIVERY_LIMIT,
    'x-dead-letter-exchange': '',
    'x-dead-letter-routing-key': deadName,
    // the message leaves the queue only once it is safe in the other one; this needs the overflow
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  };
  const isNew = !(await exists(connection, name));
  await declareQueue(connection, name, type === 'quorum' ? live : {}, log);
  return isNew;
}

async function exists(connection: ChannelModel, queue: string): Promise<boolean> {
  try {
    await onChannel(connection, (channel) => channel.checkQueue(queue));
    return true;
  } catch (error) {
    if (codeOf(error) === '404') return false;
    throw error;
  }
}

/** Declares a durable queue; one that is there already is used as it is, if it is durable. */
async function declareQueue(
  connection: ChannelModel,
  name: string,
  args: Record<string, unknown>,
  log: Logger,
): Promise<void> {
  try {
    await onChannel(connection, (channel) =>
      channel.assertQueue(name, { durable: true, arguments: args }),
    );
  } catch (error) {
    const [isDifferent, isForbidden] = [codeOf(error) === '406', codeOf(error) === '403'];
    const why = messageOf(error)
      .replace(/^.* - /, '')
      .replace(/"$/, '');
    if (isDifferent && /'(durable|exclusive|auto_delete)'/.test(why)) {
      throw new FatalError(
        `the queue "${name}" would lose messages (${why}): name another one, or delete it once it is empty`,
        { cause: error },
      );
    }
    if (!isDifferent && !isForbidden) throw error;
    await onChannel(connection, (channel) => channel.checkQueue(name));
    log.info({ queue: name, why }, `the queue "${name}" is used as it is: ${why}`);
  }
}

/** Does one thing on a channel of its own: the broker closes the channel of what it refuses. */
export async function onChannel<T>(
  connection: ChannelModel,
  work: (channel: Channel) => Promise<T>,
): Promise<T> {
  const channel = await connection.createChannel();
  channel.on('error', ignore);
  const result = await work(channel);
  await channel.close();
  return result;
}

function watch(
  connection: ChannelModel,
  channels: readonly Channel[],
  address: Address,
): AbortController {
  const lost = new AbortController();
  connection.once('close', (error?: Error) => {
    const why = error ? ` (${connectionProblem(error)})` : '';
    lost.abort(
      new TransientError(`the connection to RabbitMQ at ${formatAddress(address)} is lost${why}`),
    );
  });
  for (const channel of channels) {
    channel.once('error', (error) => {
      lost.abort(new TransientError(`RabbitMQ closed a channel: ${messageOf(error)}`));
    });
  }
  return lost;
}

/** Listens for the broker's memory and disk alarms: https://www.rabbitmq.com/docs/connection-blocked */
function watchAlarms(
  connection: ChannelModel,
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
  // nobody waits longer than the connection lasts
  connection.once('close', onEnd);
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
  const deadline = new Promise((resolve) => setTimeout(resolve, CLOSE_TIMEOUT).unref());
  await Promise.race([closing.catch(ignore), deadline]);
}

function ignore(): void {}
