import { InvalidArgumentError } from '@commander-js/extra-typings';
import { type Address, QUEUE_TYPES, type QueueType } from '../queue/address.ts';

/** The values of `--log-level`, from the most to the least talkative. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A whole number within bounds. */
export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** One of some words. */
export function oneOf<const Word extends string>(...words: Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((one) => one === text);
    if (word !== undefined) return word;
    throw new InvalidArgumentError(`It must be ${words.join(' or ')}.`);
  };
}

/** One or more addresses of a cluster, with commas between them. */
export function addresses(text: string): Address[] {
  return text.split(',').map((part) => address(part.trim()));
}

/** `host:port`, `[ipv6]:port`, or either with `/vhost` (percent-encoded) behind it. */
function address(text: string): Address {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:/[\]]+)):(\d{1,5})(?:\/(.*))?$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65535) {
    throw new InvalidArgumentError(
      'It must be host:port, with a port from 1 to 65535 (optionally host:port/vhost); several have commas between them.',
    );
  }
  return { host, port, vhost: vhost(match?.[4] ?? '') };
}

/** Where a server listens. */
export interface ListenAddress {
  /** A name or an address; an IPv6 one without brackets. */
  host: string;
  /** 0 for any that is free. */
  port: number;
}

/** `port` on this machine only, `host:port` or `[ipv6]:port`. */
export function listenAddress(text: string): ListenAddress {
  const [, ipv6, name, digits] =
    /^(?:(?:\[([0-9a-f:.]+)\]|([^\s:/[\]]+)):)?(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  if (digits !== undefined && port <= 65535) return { host: ipv6 ?? name ?? '127.0.0.1', port };
  throw new InvalidArgumentError('It must be port, host:port or [ipv6]:port.');
}

function vhost(encoded: string): string {
  try {
    return decodeURIComponent(encoded) || '/';
  } catch {
    throw new InvalidArgumentError('The vhost is not a valid percent-encoding.');
  }
}

/** Text that may not be empty. */
export function text(value: string): string {
  if (value === '') throw new InvalidArgumentError('It must not be empty.');
  return value;
}

/** Most bytes in the name of a queue: a short string of AMQP 0-9-1, 4.2.5.3. */
export const LONGEST_QUEUE_NAME = 255;

/**
 * The name of a queue. RabbitMQ drops line breaks from one; what else can't be seen in a name would
 * make two queues that look the same.
 */
export function queueName(value: string): string {
  const bytes = Buffer.byteLength(value);
  if (bytes < 1 || bytes > LONGEST_QUEUE_NAME) {
    throw new InvalidArgumentError(`It must be 1 to ${LONGEST_QUEUE_NAME} bytes long.`);
  }
  if (/\p{Cc}/u.test(value)) throw new InvalidArgumentError('It has a control character in it.');
  if (value.trim() !== value) throw new InvalidArgumentError('It has a space at one of its ends.');
  return value;
}

const UNITS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** A duration such as `500ms`, `20s`, `5m` or `1h`, in milliseconds; a bare number is seconds. */
export function duration(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  if (number !== undefined) return Number(number) * (UNITS[unit ?? 's'] ?? 0);
  throw new InvalidArgumentError('It must be a duration such as 500ms, 20s, 5m or 1h.');
}

/** A duration, or `forever`. */
export function durationOrForever(text: string): number {
  return text === 'forever' ? Infinity : duration(text);
}

/** The type of a queue. */
export function queueType(value: string): QueueType {
  const type = QUEUE_TYPES.find((name) => name === value);
  if (type) return type;
  throw new InvalidArgumentError(`It must be ${QUEUE_TYPES.join(' or ')}.`);
}

/** A value of `--log-level`. */
export function logLevel(value: string): LogLevel {
  const level = LOG_LEVELS.find((name) => name === value);
  if (level) return level;
  throw new InvalidArgumentError(`It must be one of ${LOG_LEVELS.join(', ')}.`);
}

/** The value of a flag that needs none. */
export function boolean(value: string): boolean {
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw new InvalidArgumentError('It must be true or false.');
}
