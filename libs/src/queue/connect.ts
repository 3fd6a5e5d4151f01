import { Writable } from 'node:stream';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { connectionProblem, FatalError, messageOf, TransientError } from '../errors.ts';
import { formatAddress, type Address, type QueueConfig } from './address.ts';

/** How long the broker may take to accept a connection and its handshake, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;
/** Seconds between heartbeats; a peer silent for two of them is gone. */
const HEARTBEAT = 10;

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

/**
 * Connects to one broker.
 *
 * @param clientName what the connection is called on the broker's management page.
 * @throws TransientError when it can't be reached.
 * @throws FatalError when it refuses the user or the vhost.
 */
export async function connectTo(
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
    gatherWrites(connection);
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

/** The socket of a connection, which amqplib has in no type. */
interface Socket {
  readonly writableCorked: number;
  cork(): void;
  uncork(): void;
  write: (...args: unknown[]) => boolean;
}

function hasSocket(connection: object): connection is { stream: Socket } {
  return 'stream' in connection && connection.stream instanceof Writable;
}

/**
 * Sends together what amqplib writes in one turn of the event loop. It writes each message by itself, and
 * each would be a system call and a packet. Where its socket is not found, all works as it does without.
 */
function gatherWrites({ connection }: ChannelModel): void {
  if (!hasSocket(connection)) return;
  const socket = connection.stream;
  const { write } = socket;
  socket.write = (...args) => {
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    return write.apply(socket, args);
  };
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

function ignore(): void {}
