import type { Password } from '../password.ts';
import type { TlsFiles } from '../tls/files.ts';

/** Where a RabbitMQ broker is. */
export interface Address {
  host: string;
  port: number;
  vhost: string;
}

/** What a URL asks of connections; what it leaves out is undefined. */
export interface Tuning {
  /** Seconds between heartbeats. */
  heartbeat: number | undefined;
  /** How long a connection may take to be made, in milliseconds. */
  connectTimeout: number | undefined;
  /** Most channels, and most bytes of a frame, if the broker does not want fewer. */
  channelMax: number | undefined;
  frameMax: number | undefined;
}

/** How to reach a queue, and what it is like if it has to be declared. */
export interface QueueConfig {
  /** Brokers of one cluster, tried in turn. */
  addresses: readonly Address[];
  user: string;
  password: Password;
  /** What TLS takes; undefined where the connection is plain. */
  tls: TlsFiles | undefined;
  tuning?: Tuning | undefined;
  /** The flags that gave what may be wrong, for messages. */
  flags: { address: string; login: string };
  /** Name of the queue, on the default exchange. */
  name: string;
  /** Name of the queue for what can't be stored. */
  deadName: string;
  /** The type of the queues, where they are not there already. */
  type: QueueType;
}

export const QUEUE_TYPES = ['quorum', 'classic'] as const;
export type QueueType = (typeof QUEUE_TYPES)[number];

/** `host:port` for messages, with the vhost when it is not the default one. */
export function formatAddress({ host, port, vhost }: Address): string {
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return vhost === '/' ? authority : `${authority}/${vhost}`;
}
