import { type Channel, type ChannelModel, connect } from 'amqplib';
import { FatalError, TransientError } from '../errors.ts';
import { secureContextOf } from '../tls/files.ts';
import type { Address, QueueConfig } from './address.ts';
import { firstThatWorks } from './in-turn.ts';
import { handshakeProblem } from './refusal.ts';
import { gatherWrites, withSocket } from './socket.ts';

/** How long the broker may take to accept a connection and its handshake, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;
/** Seconds between heartbeats; a peer silent for two of them is gone. */
const HEARTBEAT = 10;

/**
 * Connects to the first broker that works, for what is not worth waiting for.
 *
 * @throws FatalError when none does.
 */
export async function connectToFirst(
  config: QueueConfig,
  clientName: string,
): Promise<ChannelModel> {
  try {
    return await firstThatWorks(config.addresses, (address) =>
      connectTo(address, config, clientName),
    );
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    throw new FatalError(error.message, { cause: error });
  }
}

/**
 * Connects to one broker.
 *
 * @param clientName what the connection is called on the broker's management page.
 * @throws TransientError when it can't be reached, or is at a limit.
 * @throws FatalError when it refuses the user or the vhost, is no AMQP 0-9-1 server, or TLS fails;
 * also when the password or a file of TLS, which are read each time, can't be read.
 */
export async function connectTo(
  address: Address,
  config: QueueConfig,
  clientName: string,
): Promise<ChannelModel> {
  const { user, tls, tuning } = config;
  const password = await config.password();
  const secureContext = tls && secureContextOf(tls);
  const received: Buffer[] = [];
  const receive = (bytes: Buffer): void => void received.push(bytes);
  const [opening, socket] = withSocket(() =>
    connect(
      {
        protocol: tls ? 'amqps' : 'amqp',
        hostname: address.host,
        port: address.port,
        username: user,
        password,
        vhost: encodeURIComponent(address.vhost),
        heartbeat: tuning?.heartbeat ?? HEARTBEAT,
        ...(tuning?.channelMax !== undefined && { channelMax: tuning.channelMax }),
        ...(tuning?.frameMax !== undefined && { frameMax: tuning.frameMax }),
      },
      {
        timeout: tuning?.connectTimeout ?? CONNECT_TIMEOUT,
        noDelay: true,
        keepAlive: true,
        clientProperties: { connection_name: clientName },
        // said aloud, as NODE_TLS_REJECT_UNAUTHORIZED turns it off otherwise
        ...(secureContext && { secureContext, rejectUnauthorized: true }),
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
    throw handshakeProblem(error, Buffer.concat(received), address, config);
  } finally {
    socket?.off('data', receive);
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

function ignore(): void {}
