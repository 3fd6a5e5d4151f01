import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { codeOf, FatalError, messageOf } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { ListenAddress } from '../options/values.ts';
import { visible } from '../visible.ts';
import { isLoopback, isOwnName } from './host.ts';

/** An answer over HTTP. */
export interface Answer {
  status: number;
  /** Its content type. */
  type: string;
  body: string;
  /** More headers of it; default: none. */
  headers?: Readonly<Record<string, string>>;
}

/** What answers each path. */
export type Routes = Readonly<Record<string, () => Answer | Promise<Answer>>>;

/** Tells nothing, and is asked for by what may know another name. */
const LIVENESS = '/livez';

const PROBLEMS: Record<string, string> = {
  EADDRINUSE: 'the port is taken',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'this user may not listen on that port',
  ENOTFOUND: 'unknown host',
  EAI_AGAIN: 'unknown host',
};

/**
 * Serves paths over HTTP until the process ends, which it never holds up; the log tells the
 * address. With port 0, a free one is taken. What is served to this machine only is not given to
 * scripts of other sites (see `isOwnName`), but for `/livez`.
 *
 * @throws FatalError when it can't listen there.
 */
export async function serve(address: ListenAddress, routes: Routes, log: Logger): Promise<void> {
  const server = createServer((request, response) => {
    const { url, headers } = request;
    const isKnown =
      url === LIVENESS || isOpen(server.address()) || isOwnName(headers.host, address.host);
    void respond(request, response, isKnown ? routes : undefined);
  });
  // whoever asks may keep the connection
  server.on('connection', (socket) => socket.unref()).unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const why = PROBLEMS[codeOf(error) ?? ''] ?? messageOf(error);
      const where = authority(address.host, address.port);
      reject(new FatalError(`--metrics-addr ${where} can't be served: ${why}`, { cause: error }));
    });
    server.listen(address.port, address.host, resolve);
  });
  server.on('error', ({ message }) => log.warn(`metrics: ${message}`));
  const url = `http://${urlOf(server.address())}/metrics`;
  const page = Object.hasOwn(routes, '/')
    ? `the status page is at ${new URL('/', url).href}, `
    : '';
  log.info({ url }, `${page}metrics are at ${url}, health is at /livez and /readyz`);
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  routes: Routes | undefined,
): Promise<void> {
  const { status, type, body, headers } = await (routes
    ? answer(request, routes)
    : foreign(request));
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
    ...(status === 405 && { allow: 'GET, HEAD' }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function answer({ method, url = '' }: IncomingMessage, routes: Routes): Promise<Answer> {
  const [path = ''] = url.split('?');
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (!route) return text(404, `there are ${Object.keys(routes).join(', ')}`);
  if (method !== 'GET' && method !== 'HEAD') return text(405, 'only GET and HEAD');
  try {
    return await route();
  } catch (error) {
    return text(500, messageOf(error));
  }
}

function foreign({ headers: { host = '' } }: IncomingMessage): Answer {
  const way = 'this is served to localhost and to IP addresses of this machine only';
  return text(403, `${way}, not under the name ${visible(host)}`);
}

function text(status: number, line: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${line}\n` };
}

/** Whether it is served to more than this machine, so that a service may have any name. */
function isOpen(bound: AddressInfo | string | null): boolean {
  return bound !== null && typeof bound !== 'string' && !isLoopback(bound.address);
}

function urlOf(bound: AddressInfo | string | null): string {
  if (bound === null || typeof bound === 'string') throw new Error('it listens on no port');
  return authority(bound.address, bound.port);
}

function authority(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
