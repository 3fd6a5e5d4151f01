import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Socket } from 'node:net';
import tls from 'node:tls';

/**
 * What a client gives, and the socket that it opens, which amqplib keeps to itself. Where it is not
 * found, all works without it, but why a broker refuses is not known.
 */
export function withSocket<T>(open: () => T): [T, Socket | undefined] {
  const sockets: Socket[] = [];
  const found = (socket: unknown): void => {
    if (socket instanceof Socket) sockets.push(socket);
  };
  const onSocket = (message: unknown): void => {
    if (typeof message === 'object' && message !== null && 'socket' in message) {
      found(message.socket);
    }
  };
  // Node.js tells of the sockets of node:net, and not of those of node:tls
  const { connect } = tls;
  const connectAndTell = (...args: unknown[]): unknown => {
    const socket: unknown = Reflect.apply(connect, tls, args);
    found(socket);
    return socket;
  };
  subscribe('net.client.socket', onSocket);
  Object.assign(tls, { connect: connectAndTell });
  try {
    return [open(), sockets[0]];
  } finally {
    Object.assign(tls, { connect });
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
export function gatherWrites(socket: Writes): void {
  const write = socket.write.bind(socket);
  socket.write = (...args) => {
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    return write(...args);
  };
}
