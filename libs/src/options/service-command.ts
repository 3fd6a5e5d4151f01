import { availableParallelism } from 'node:os';
import { Command, Option } from '@commander-js/extra-typings';
import { FatalError } from '../errors.ts';
import { queueOptions } from './queue-options.ts';
import { withoutPasswords } from './server-url.ts';
import {
  boolean,
  duration,
  integer,
  listenAddress,
  LOG_LEVELS,
  type LogLevel,
  logLevel,
} from './values.ts';

/**
 * A command with the flags that both services share. A flag beats its environment variable, which
 * beats the default.
 *
 * @param service what the environment variables begin with: `FC_PRODUCER` for `producer`.
 * @param served what it serves over HTTP.
 */
export function serviceCommand(
  service: string,
  description: string,
  version: string,
  served: string,
) {
  const env = (name: string): string => `FC_${service.toUpperCase()}_${name}`;
  const queue = queueOptions(env);
  return new Command(service)
    .description(description)
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      // one line for one mistake: commander puts its suggestion on a second one; it repeats values,
      // and a URL may be where none belongs
      outputError: (message, write) => {
        write(`${withoutPasswords(message.trim().replaceAll(/\s*\n\s*/g, ' '))}\n`);
      },
    })
    .optionsGroup('Queue:')
    .addOption(queue.url)
    .addOption(queue.addr)
    .addOption(queue.user)
    .addOption(queue.pass)
    .addOption(queue.passFile)
    .addOption(queue.ca)
    .addOption(queue.cert)
    .addOption(queue.key)
    .addOption(queue.name)
    .addOption(queue.dead)
    .addOption(queue.type)
    .optionsGroup('Options:')
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
      new Option('--metrics-addr <address>', `serve ${served} at [host:]port (default: nowhere)`)
        .env(env('METRICS_ADDR'))
        .argParser(listenAddress),
    )
    .addOption(
      new Option('--log-level <level>', `one of ${LOG_LEVELS.join(', ')}`)
        .env(env('LOG_LEVEL'))
        .default<LogLevel>('info')
        .argParser(logLevel),
    )
    .addOption(
      new Option(
        '--quiet',
        'tell no progress, on a terminal or in the log; warnings, errors, the summary and all else stay',
      ).env(env('QUIET')),
    )
    .addOption(
      new Option('--json', 'log JSON lines on a terminal, too, and no progress but in these').env(
        env('JSON'),
      ),
    );
}

/** Variables of flags that take no value: commander would take them for set, whatever they say. */
const SWITCHES = /^FC_(PRODUCER|CONSUMER)_(QUIET|JSON)$/;

/**
 * Removes empty `FC_*` variables, so that an empty value means "not set", as it did in the
 * original, and those that say false where the flag takes no value.
 *
 * @throws FatalError when one of these says neither true nor false.
 */
export function dropUnsetVariables(env: NodeJS.ProcessEnv): void {
  for (const [name, value = ''] of Object.entries(env)) {
    const isEmpty = name.startsWith('FC_') && value === '';
    if (isEmpty || (SWITCHES.test(name) && !isOn(name, value))) Reflect.deleteProperty(env, name);
  }
}

function isOn(name: string, value: string): boolean {
  try {
    return boolean(value);
  } catch (error) {
    throw new FatalError(`${name}: ${JSON.stringify(value)} is neither true nor false`, {
      cause: error,
    });
  }
}
