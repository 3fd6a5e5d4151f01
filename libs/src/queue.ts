import { connect, type Channel, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { codeOf, FatalError, messageOf } from './errors.ts';

/** Where a RabbitMQ broker is. */
export interface Address {
  host: string;
  port: number;
  vhost: string;
}

/** How to reach a queue. */
export interface QueueConfig {
  address: Address;
  user: string;
  password: string;
  /** Name of the queue, on the default exchange. */
  name: string;
}

/** How long the broker may take to accept a connection and its handshake, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;
/** Seconds between heartbeats; a peer silent for two of them is gone. */
const HEARTBEAT = 10;
/** How long a closing handshake may take, in milliseconds, before the socket is left to the exit. */
const CLOSE_TIMEOUT = 2_000;

/** `host:port` for messages, with the vhost when it is not the default one. */
export function formatAddress({ host, port, vhost }: Address): string {
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return vhost === '/' ? authority : `${authority}/${vhost}`;
}

/** A connection to the broker, with everything on it that a service works with. */
export interface QueueSession {
  /** Channels in confirm mode, one for each worker. */
  channels: ConfirmChannel[];
  /** Rejects, with a FatalError, when the connection is lost or the broker closes a channel. */
  failure: Promise<never>;
  /** Closes it all, and does not wait for a broker that has stopped answering. */
  close(): Promise<void>;
}

/**
 * Connects to the broker, declares durable queues and opens `parallel` channels.
 *
 * @param clientName what the connection is called on the broker's management page.
 * @throws FatalError when the broker can't be reached, refuses the user or the vhost, or has one of
 * the queues with other arguments.
 */
export async function openQueue(
  config: QueueConfig,
  clientName: string,
  queues: readonly string[],
  parallel: number,
): Promise<QueueSession> {
  const connection = await connectToBroker(config, clientName);
  try {
    for (const queue of queues) await declareQueue(connection, queue);
    const channels = await Promise.all(
      Array.from({ length: parallel }, () => connection.createConfirmChannel()),
    );
    return {
      channels,
      failure: watch(connection, channels, config.address),
      close: () => withDeadline(closeAll(connection, channels)),
    };
  } catch (error) {
    await withDeadline(closeAll(connection, []));
    throw error;
  }
}

async function connectToBroker(config: QueueConfig, clientName: string): Promise<ChannelModel> {
  const { address, user, password } = config;
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
    throw new FatalError(connectProblem(error, config), { cause: error });
  }
}

function connectProblem(error: unknown, { address, user }: QueueConfig): string {
  const where = `RabbitMQ at ${formatAddress(address)}`;
  const text = messageOf(error);
  if (/ACCESS.REFUSED/.test(text)) {
    return `${where} refused the user "${user}": check --queue-user and --queue-pass`;
  }
  // the broker says why, but amqplib does not pass it on
  if (/ConnectionOpenOk/.test(text)) {
    return `${where}: the vhost "${address.vhost}" does not exist, or is closed to the user "${user}"`;
  }
  return `${where} can't be reached (${reason(error)}): is it running, and is --queue-addr right?`;
}

const REASONS: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'unknown host',
  EAI_AGAIN: 'unknown host',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ECONNRESET: 'connection reset',
  ETIMEDOUT: 'timed out',
};

/** The reason of a failed connection, in words. */
export function reason(error: unknown): string {
  return REASONS[codeOf(error) ?? ''] ?? messageOf(error);
}

/** Declares a durable queue; one that is there already, with the same arguments, is left as it is. */
async function declareQueue(connection: ChannelModel, name: string): Promise<void> {
  // a channel of its own: the broker closes the one that a declaration fails on
  const channel = await connection.createChannel();
  channel.on('error', ignore);
  try {
    await channel.assertQueue(name, { durable: true });
    await channel.close();
  } catch (error) {
    const why =
      codeOf(error) === '406'
        ? `exists with other arguments (${messageOf(error)}): name another with --queue-name, or delete it once it is empty`
        : `can't be declared: ${messageOf(error)}`;
    throw new FatalError(`the queue "${name}" ${why}`, { cause: error });
  }
}

function watch(
  connection: ChannelModel,
  channels: readonly Channel[],
  address: Address,
): Promise<never> {
  const failure = new Promise<never>((_, reject) => {
    connection.once('close', (error?: Error) => {
      const why = error ? ` (${reason(error)})` : '';
      reject(
        new FatalError(`the connection to RabbitMQ at ${formatAddress(address)} is lost${why}`),
      );
    });
    for (const channel of channels) {
      channel.once('error', (error) => {
        reject(new FatalError(`RabbitMQ closed a channel: ${messageOf(error)}`, { cause: error }));
      });
    }
  });
  // nobody may be waiting for it when the session is closed in the end
  failure.catch(ignore);
  return failure;
}

async function closeAll(connection: ChannelModel, channels: readonly Channel[]): Promise<void> {
  // a channel's closing is answered after everything that was sent on it; closing the connection
  // alone may overtake the last acknowledgements
  await Promise.all(channels.map((channel) => channel.close()));
  await connection.close();
}

/** Waits for a closing to end, however it ends, but not for ever. */
async function withDeadline(closing: Promise<void>): Promise<void> {
  const deadline = new Promise((resolve) => setTimeout(resolve, CLOSE_TIMEOUT).unref());
  await Promise.race([closing.catch(ignore), deadline]);
}

function ignore(): void {}
