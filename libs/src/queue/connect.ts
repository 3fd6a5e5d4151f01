import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { FatalError, messageOf } from '../errors.ts';
import type { Address, QueueConfig } from './address.ts';
import { handshakeProblem } from './refusal.ts';

/** How long the broker may take to accept a connection and its handshake, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;
/** Seconds between heartbeats; a peer silent for two of them is gone. */
const HEARTBEAT = 10;

/**
 * Connects to the first broker that can be reached, for work that is not worth waiting for.
 *
 * @throws FatalError when none can, or one refuses the user or the vhost.
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
      if (error instanceof FatalError) throw error;
      failure ??= error;
    }
  }
  throw new FatalError(messageOf(failure), { cause: failure });
}

/**
 * Connects to one broker.
 *
 * @param clientName what the connection is called on the broker's management page.
 * @throws TransientError when it can't be reached, or is at a limit.
 * @throws FatalError when it refuses the user or the vhost, or is no plain AMQP 0-9-1 server.
 */
export async function connectTo(
  address: Address,
  { user, password }: QueueConfig,
  clientName: string,
): Promise<ChannelModel> {
  const received: Buffer[] = [];
  const receive = (bytes: Buffer): void => void received.push(bytes);
  const [opening, socket] = withSocket(() =>
    connect(
      {
        hostname: address.host,
        port: address.port,
        username: user,
        password,
        vhost: encodeURIComponent(address.vhost),
        heartbeat: HEARTBEAT,
      },
      {
        timeout: CONNECT_TIMEOUT,
        noDelay: true,
        keepAlive: true,
        clientProperties: { connection_name: clientName },
      },
    ),
  );
  socket?.on('data', receive);
  try {
    const connection = await opening;
    // `close` follows every `error` and carries it; without a listener an `error` would be uncaught
    connection.on('error', ignore);
    if (socket) gatherWrites(socket);
    return connection;
  } catch (error) {
    throw handshakeProblem(error, Buffer.concat(received), address, user);
  } finally {
    socket?.off('data', receive);
  }
}

/**
 * What a client gives, and the socket that it opens, which amqplib keeps to itself. Where Node.js
 * does not tell the socket, all works without it, but why a broker refuses is not known.
 */
function withSocket<T>(open: () => T): [T, Socket | undefined] {
  const sockets: Socket[] = [];
  const onSocket = (message: unknown): void => {
    if (typeof message !== 'object' || message === null || !('socket' in message)) return;
    if (message.socket instanceof Socket) sockets.push(message.socket);
  };
  subscribe('net.client.socket', onSocket);
  try {
    return [open(), sockets[0]];
  } finally {
    unsubscribe('net.client.socket', onSocket);
  }
}

/** What gathering takes of a socket, whose `write` has several forms. */
interface Writes {
  readonly writableCorked: number;
  cork(): void;
  uncork(): void;
  write(...args: unknown[]): boolean;
}

/**
 * Sends together what amqplib writes in one turn of the event loop. It writes each message by
 * itself, and each would be a system call and a packet.
 */
function gatherWrites(socket: Writes): void {
  const write = socket.write.bind(socket);
  socket.write = (...args) => {
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    return write(...args);
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
