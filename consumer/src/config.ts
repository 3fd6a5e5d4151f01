import { type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { withDoubleDashes } from '@csv2db/libs/options/go-flags.ts';
import { queueConfig } from '@csv2db/libs/options/queue-config.ts';
import { dropUnsetVariables, serviceCommand } from '@csv2db/libs/options/service-command.ts';
import { integer, type ListenAddress, type LogLevel } from '@csv2db/libs/options/values.ts';
import type { QueueConfig } from '@csv2db/libs/queue/address.ts';
import type { BatchConfig } from './batch-size.ts';
import type { DatabaseConfig } from './database/address.ts';
import { databaseConfig } from './database/config.ts';
import { databaseOptions } from './database/options.ts';
import { statementTimeout, tableName } from './database/values.ts';
import type { DeadTask } from './dead-letters/command.ts';
import { addDeadCommands } from './dead-letters/options.ts';
import type { StatusTask } from './status/command.ts';
import { addStatusCommand } from './status/options.ts';

export interface ConsumerConfig {
  /** Number of workers, each with a channel and a database connection of its own. */
  parallel: number;
  queue: QueueConfig;
  batches: BatchConfig;
  database: DatabaseConfig;
  /** Longest time to finish the work in hand when stopped, in milliseconds. */
  drainTimeout: number;
  /** Where to serve metrics and health; undefined for nowhere. */
  metricsAddress: ListenAddress | undefined;
  logLevel: LogLevel;
  /** Whether to log JSON on a terminal, too. */
  isJson: boolean;
  /** Whether to tell nothing of the progress. */
  isQuiet: boolean;
}

/** What the command line asks for. */
export type Task =
  | { kind: 'consume' }
  | { kind: 'migrate'; direction: 'up' | 'down' }
  | { kind: 'drop database' }
  | { kind: 'dead letters'; task: DeadTask }
  | { kind: 'status'; task: StatusTask }
  | { kind: 'why'; value: string };

/**
 * Reads flags and environment into a task and its configuration. `--help`, `--version` and a wrong
 * flag end the process here.
 */
export function readConfig(
  args: string[],
  version: string,
): { task: Task; config: ConsumerConfig } {
  dropUnsetVariables(process.env);
  let task: Task = { kind: 'consume' };
  const command = serviceCommand(
    'consumer',
    'Stores the rows of a RabbitMQ queue in PostgreSQL, until it is stopped.',
    version,
    'a status page, metrics for Prometheus, /livez and /readyz',
  )
    .optionsGroup('Database:')
    .addOption(databaseOptions.url)
    .addOption(databaseOptions.host)
    .addOption(databaseOptions.port)
    .addOption(databaseOptions.user)
    .addOption(databaseOptions.pass)
    .addOption(databaseOptions.passFile)
    .addOption(databaseOptions.name)
    .addOption(databaseOptions.sslmode)
    .addOption(databaseOptions.ca)
    .addOption(databaseOptions.cert)
    .addOption(databaseOptions.key)
    .addOption(
      new Option(
        '--table <[schema.]table>',
        'table to store the rows in (default: contacts, of a name and a unique email)',
      )
        .env('FC_CONSUMER_TABLE')
        .argParser(tableName),
    )
    .optionsGroup('Options:')
    .addOption(
      new Option(
        '--statement-timeout <duration>',
        'longest time that the database may work on a statement; fewer rows are tried then',
      )
        .env('FC_CONSUMER_STATEMENT_TIMEOUT')
        .default(30_000, '30s')
        .argParser(statementTimeout),
    )
    .addOption(
      new Option(
        '--batch-bytes <int>',
        'bytes of messages to store at a time (default: follows the database)',
      )
        .env('FC_CONSUMER_BATCH_BYTES')
        .argParser(integer(1, 64 * 1024 * 1024)),
    )
    .addOption(
      new Option(
        '--prefetch <int>',
        'most messages that a worker has unacknowledged (default: two batches)',
      )
        .env('FC_CONSUMER_PREFETCH')
        .argParser(integer(1, 65_535)),
    );
  const migrate = command
    .command('migrate')
    .description('create the database if it is missing, and apply every migration')
    .action(() => void (task = { kind: 'migrate', direction: 'up' }));
  migrate
    .command('down')
    .description('take the last migration back')
    .action(() => void (task = { kind: 'migrate', direction: 'down' }));
  command
    .command('drop-db')
    .description('drop the database with everything in it')
    .action(() => void (task = { kind: 'drop database' }));
  const dead = addDeadCommands(command, (deadTask) => {
    task = { kind: 'dead letters', task: deadTask };
  });
  const status = addStatusCommand(command, (statusTask) => {
    task = { kind: 'status', task: statusTask };
  });
  // those of the program are taken before a command has seen them
  const handDown = (_: unknown, below: CommandUnknownOpts): void => {
    const isAsked = command.getOptionValueSource('json') === 'cli';
    if (isAsked) below.setOptionValueWithSource('json', true, 'cli');
  };
  for (const parent of [command, dead]) parent.hook('preSubcommand', handDown);
  const why = command
    .command('why')
    .argument('<value>', 'of the unique column of the table: an email of contacts')
    .description('which import stored a row first, so that others of it are duplicates')
    .action((value) => void (task = { kind: 'why', value }));
  // not inherited by the commands above: a word that is none of them reaches this one as an
  // argument
  command.allowExcessArguments().action(() => {
    const [word] = command.args;
    if (word === undefined) return;
    const known = command.commands.map((one) => one.name()).join(', ');
    command.error(`error: unknown command '${word}': one of ${known}`);
  });

  const options = command
    .parse(withDoubleDashes(args, [command, ...dead.commands, status, why]), { from: 'user' })
    .opts();
  const sourceOf = (name: string): string | undefined => command.getOptionValueSource(name);
  return {
    task,
    config: {
      parallel: options.parallel,
      queue: queueConfig(options, sourceOf),
      batches: { bytes: options.batchBytes, prefetch: options.prefetch },
      database: databaseConfig(options, sourceOf),
      drainTimeout: options.drainTimeout,
      metricsAddress: options.metricsAddr,
      logLevel: options.logLevel,
      isJson: options.json ?? false,
      isQuiet: options.quiet ?? false,
    },
  };
}
