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

/**
 * Opens a connection to the broker.
 *
 * @param clientName what the connection is called on the broker's management page.
 * @throws FatalError when the broker can't be reached, or refuses the user or the vhost.
 */
export async function connectQueue(config: QueueConfig, clientName: string): Promise<ChannelModel> {
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
  if (/NOT.ALLOWED/.test(text)) {
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

/**
 * Declares a durable queue on the default exchange; one that is there already, with the same
 * arguments, is left as it is.
 *
 * @throws FatalError when the queue exists with other arguments, or may not be declared.
 */
export async function declareQueue(connection: ChannelModel, name: string): Promise<void> {
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

/** Opens `count` channels in confirm mode. */
export async function openChannels(
  connection: ChannelModel,
  count: number,
): Promise<ConfirmChannel[]> {
  return await Promise.all(Array.from({ length: count }, () => connection.createConfirmChannel()));
}

/**
 * Rejects, once, when the connection is lost or the broker closes one of its channels; never resolves.
 *
 * @returns a promise with a handler attached, so that it may be left unobserved.
 */
export function brokerFailure(
  connection: ChannelModel,
  channels: readonly Channel[],
  { address }: QueueConfig,
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
  failure.catch(ignore);
  return failure;
}

/** Closes a connection, and does not wait for a broker that has stopped answering. */
export async function closeQueue(connection: ChannelModel): Promise<void> {
  const deadline = new Promise((resolve) => setTimeout(resolve, CLOSE_TIMEOUT).unref());
  await Promise.race([connection.close(), deadline]).catch(ignore);
}

function ignore(): void {}
