import { FatalError } from '../errors.ts';
import type { Address, Tuning } from '../queue/address.ts';
import {
  parameterOf,
  parseServerUrl,
  type ServerUrl,
  type UrlKind,
  urlWithoutPassword,
} from './server-url.ts';
import { integer, oneOf } from './values.ts';

/** The flag that gives the URL of a queue. */
export const QUEUE_URL = '--queue-url';

/** https://www.rabbitmq.com/docs/uri-spec and https://www.rabbitmq.com/docs/uri-query-parameters */
const KIND: UrlKind = {
  flag: QUEUE_URL,
  schemes: ['amqp', 'amqps'],
  example: 'amqps://user:password@host:5671/vhost',
  parameters: [
    ...['cacertfile', 'certfile', 'keyfile', 'verify', 'auth_mechanism'],
    ...['heartbeat', 'connection_timeout', 'channel_max', 'frame_max'],
  ],
};

/** A comma alone may be in a password. */
const SEPARATOR = /,\s*(?=amqps?:)/;

/** What the URLs of a queue say; what they leave out is undefined. */
export interface QueueUrls {
  addresses: Address[];
  isTls: boolean;
  user: string | undefined;
  password: string | undefined;
  ca: string | undefined;
  cert: string | undefined;
  key: string | undefined;
  tuning: Tuning;
}

/**
 * One or more URLs of brokers of one cluster, with commas between them.
 *
 * @throws FatalError when one is none, or they differ in more than the address.
 */
export function parseQueueUrls(text: string): QueueUrls {
  const urls = text.split(SEPARATOR).map((one) => parseServerUrl(one, KIND));
  return {
    addresses: urls.map(toAddress),
    isTls: same(urls, 'scheme', ({ scheme }) => scheme) === 'amqps',
    user: same(urls, 'user', ({ user }) => user),
    password: same(urls, 'password', ({ password }) => password),
    ca: same(urls, 'cacertfile', ({ parameters }) => parameters.get('cacertfile')),
    cert: same(urls, 'certfile', ({ parameters }) => parameters.get('certfile')),
    key: same(urls, 'keyfile', ({ parameters }) => parameters.get('keyfile')),
    tuning: tuningOf(urls),
  };
}

/** The server's certificate is always verified, and a password given. */
function tuningOf(urls: readonly ServerUrl[]): Tuning {
  const all = <T>(name: string, parse: (text: string) => T) =>
    same(urls, name, (url) => parameterOf(url, QUEUE_URL, name, parse));
  all('verify', oneOf('verify_peer'));
  all('auth_mechanism', oneOf('plain'));
  return {
    heartbeat: all('heartbeat', integer(1, 65_535)),
    connectTimeout: all('connection_timeout', integer(1, 3_600_000)),
    channelMax: all('channel_max', integer(1, 65_535)),
    frameMax: all('frame_max', integer(4_096, 2 ** 31 - 1)),
  };
}

/** URLs of a queue, which are valid, with their passwords left out. */
export function withoutPassword(text: string): string {
  return text.split(SEPARATOR).map(urlWithoutPassword).join(',');
}

function toAddress({ scheme, host, port, path }: ServerUrl): Address {
  const ordinary = scheme === 'amqps' ? 5671 : 5672;
  return { host: host ?? '0.0.0.0', port: port ?? ordinary, vhost: path ?? '/' };
}

/** What all of the URLs say that say anything. */
function same<T>(
  urls: readonly ServerUrl[],
  what: string,
  part: (url: ServerUrl) => T | undefined,
): T | undefined {
  const said = new Set(urls.map(part).filter((value) => value !== undefined));
  if (said.size < 2) return [...said][0];
  throw new FatalError(
    `the URLs of ${QUEUE_URL} differ in their ${what}: they must be of one cluster, and reached in the same way`,
  );
}
