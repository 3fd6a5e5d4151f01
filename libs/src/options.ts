import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { QUEUE_TYPES, type Address, type QueueConfig, type QueueType } from './queue-config.ts';

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

/** The name of a queue: 1 to 255 bytes (a short string of AMQP 0-9-1, 4.2.5.3). */
export function queueName(value: string): string {
  const bytes = Buffer.byteLength(value);
  if (bytes >= 1 && bytes <= 255) return value;
  throw new InvalidArgumentError('It must be 1 to 255 bytes long.');
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

function queueType(value: string): QueueType {
  const type = QUEUE_TYPES.find((name) => name === value);
  if (type) return type;
  throw new InvalidArgumentError(`It must be ${QUEUE_TYPES.join(' or ')}.`);
}

function logLevel(value: string): LogLevel {
  const level = LOG_LEVELS.find((name) => name === value);
  if (level) return level;
  throw new InvalidArgumentError(`It must be one of ${LOG_LEVELS.join(', ')}.`);
}

/** The address of a queue on the local machine, as the original has it. */
const LOCAL_QUEUE: Address[] = [{ host: '0.0.0.0', port: 5672, vhost: '/' }];

/**
 * A command with the flags that both services share. A flag beats its environment variable, which
 * beats the default.
 *
 * @param service what the environment variables begin with: `FC_PRODUCER` for `producer`.
 */
export function serviceCommand(service: string, description: string, version: string) {
  const env = (name: string): string => `FC_${service.toUpperCase()}_${name}`;
  return new Command(service)
    .description(description)
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      // one line for one mistake: commander puts its suggestion on a second one
      outputError: (message, write) => {
        write(`${message.trim().replaceAll(/\s*\n\s*/g, ' ')}\n`);
      },
    })
    .addOption(
      new Option('--queue-addr <host:port>', 'address of the queue; several, with commas, in turn')
        .env(env('QUEUE_ADDR'))
        .default(LOCAL_QUEUE, '0.0.0.0:5672')
        .argParser(addresses),
    )
    .addOption(
      new Option('--queue-user <string>', 'user of the queue')
        .env(env('QUEUE_USER'))
        .default('fcuser')
        .argParser(text),
    )
    .addOption(
      new Option('--queue-pass <string>', 'password of the queue')
        .env(env('QUEUE_PASS'))
        .default('fcpass'),
    )
    .addOption(
      new Option('--queue-name <string>', 'name of the queue')
        .env(env('QUEUE_NAME'))
        .default('csv2db')
        .argParser(queueName),
    )
    .addOption(
      new Option('--dead-queue <string>', 'name of the queue for what can not be stored')
        .env(env('DEAD_QUEUE'))
        .default('', 'the name of the queue and .dead')
        .argParser(queueName),
    )
    .addOption(
      new Option(
        '--queue-type <type>',
        'type of the queues where they are missing: quorum or classic',
      )
        .env(env('QUEUE_TYPE'))
        .default<QueueType>('quorum')
        .argParser(queueType),
    )
    .addOption(
      new Option(
        '--drain-timeout <duration>',
        'longest time to finish the work in hand when stopped',
      )
        .env(env('DRAIN_TIMEOUT'))
        .default(20_000, '20s')
        .argParser(duration),
    )
    .addOption(
      new Option('--parallel <int>', 'number of workers')
        .env(env('PARALLEL'))
        .default(availableParallelism(), 'the number of processors')
        .argParser(integer(1, 256)),
    )
    .addOption(
      new Option('--log-level <level>', `one of ${LOG_LEVELS.join(', ')}`)
        .env(env('LOG_LEVEL'))
        .default<LogLevel>('info')
        .argParser(logLevel),
    );
}

/** The flags about the queue, as one configuration. */
export function queueConfig(options: {
  queueAddr: Address[];
  queueUser: string;
  queuePass: string;
  queueName: string;
  deadQueue: string;
  queueType: QueueType;
}): QueueConfig {
  return {
    addresses: options.queueAddr,
    user: options.queueUser,
    password: options.queuePass,
    name: options.queueName,
    deadName: options.deadQueue || `${options.queueName}.dead`,
    type: options.queueType,
  };
}

/** Removes empty `FC_*` variables, so that an empty value means "not set", as it did in the original. */
export function dropEmptyVariables(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(env)) {
    if (name.startsWith('FC_') && env[name] === '') Reflect.deleteProperty(env, name);
  }
}

/** What `withDoubleDashes` needs to know of a command. */
interface Flags {
  options: readonly { long?: string | undefined; required: boolean }[];
}

/**
 * Rewrites Go's `-flag value` and `-flag=value` into the double-dash spelling that commander takes.
 * The value behind a flag is left as it is, whatever it looks like.
 *
 * @param args the arguments, without node and the script.
 */
export function withDoubleDashes(args: readonly string[], commands: readonly Flags[]): string[] {
  const takesValue = new Map(
    commands.flatMap(({ options }) => options.map((option) => [option.long, option.required])),
  );
  const result: string[] = [];
  let isValue = false;
  for (const [index, arg] of args.entries()) {
    if (isValue) {
      result.push(arg);
      isValue = false;
      continue;
    }
    if (arg === '--') return [...result, ...args.slice(index)];
    const dashed = /^-[a-z][a-z-]/i.test(arg) ? `-${arg}` : arg;
    result.push(dashed);
    isValue = takesValue.get(dashed) ?? false;
  }
  return result;
}
