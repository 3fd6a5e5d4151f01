import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { TransientError } from '@csv2db/libs/errors.ts';
import { createLogger } from '@csv2db/libs/logger.ts';
import { afterEach, expect, it } from 'vitest';
import { Database } from '../../src/database/connect.ts';

let server: Server;

afterEach(() => {
  server.close();
});

/** A message of PostgreSQL's protocol. */
function message(type: string, content: string | Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + Buffer.byteLength(content));
  return Buffer.concat([Buffer.from(type), length, Buffer.from(content)]);
}

// it comes with what says that the connection is made, before anybody has that in hand; no real
// server can be timed to that
it('a connection that is ended as it is made is an outage', async () => {
  const fatal = 'SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0';
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.end(
        Buffer.concat([message('R', Buffer.alloc(4)), message('Z', 'I'), message('E', fatal)]),
      );
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const database = new Database(
    {
      host: '127.0.0.1',
      port,
      user: 'u',
      password: () => 'p',
      name: 'd',
      table: undefined,
      tls: undefined,
      statementTimeout: 5_000,
      flags: { address: '', login: '', name: '' },
    },
    1,
    createLogger('test', 'silent'),
  );
  await expect(database.use(() => Promise.resolve())).rejects.toThrow(TransientError);
  await database.end();
});
