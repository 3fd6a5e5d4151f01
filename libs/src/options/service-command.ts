import { availableParallelism } from 'node:os';
import { Command, Option } from '@commander-js/extra-typings';
import { FatalError } from '../errors.ts';
import type { Address, QueueConfig, QueueType } from '../queue/address.ts';
import {
  addresses,
  duration,
  integer,
  LOG_LEVELS,
  type LogLevel,
  logLevel,
  LONGEST_QUEUE_NAME,
  queueName,
  queueType,
  text,
} from './values.ts';

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
      new Option(
        '--dead-queue <string>',
        'name of the queue for what can not be stored (default: the name of the queue and .dead)',
      )
        .env(env('DEAD_QUEUE'))
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

/**
 * The flags about the queue, as one configuration.
 *
 * @throws FatalError when the names of the queues do not go together.
 */
export function queueConfig(options: {
  queueAddr: Address[];
  queueUser: string;
  queuePass: string;
  queueName: string;
  deadQueue?: string | undefined;
  queueType: QueueType;
}): QueueConfig {
  const deadName = options.deadQueue ?? `${options.queueName}.dead`;
  if (deadName === options.queueName) {
    throw new FatalError(
      `--dead-queue and --queue-name are both "${deadName}": what can't be stored would come back`,
    );
  }
  if (Buffer.byteLength(deadName) > LONGEST_QUEUE_NAME) {
    throw new FatalError(
      `the name of the queue and .dead is longer than ${LONGEST_QUEUE_NAME} bytes: give a --dead-queue`,
    );
  }
  return {
    addresses: options.queueAddr,
    user: options.queueUser,
    password: options.queuePass,
    name: options.queueName,
    deadName,
    type: options.queueType,
  };
}

/**
 * Removes empty `FC_*` variables, so that an empty value means "not set", as it did in the
 * original.
 */
export function dropEmptyVariables(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(env)) {
    if (name.startsWith('FC_') && env[name] === '') Reflect.deleteProperty(env, name);
  }
}
