import { Option } from '@commander-js/extra-typings';
import {
  dropEmptyVariables,
  integer,
  serviceCommand,
  text,
  withDoubleDashes,
  type LogLevel,
} from '@csv2db/libs/options.ts';
import type { QueueConfig } from '@csv2db/libs/queue.ts';

/** How to reach a database. */
export interface DatabaseConfig {
  host: string;
  port: number;
  user: string;
  password: string;
  /** Name of the database. */
  name: string;
}

export interface ConsumerConfig {
  /** Number of workers, each with a channel and a database connection of its own. */
  parallel: number;
  queue: QueueConfig;
  database: DatabaseConfig;
  logLevel: LogLevel;
}

/** What the command line asks for. */
export type Task = 'consume' | 'migrate up' | 'migrate down' | 'drop database';

/**
 * Reads flags and environment into a task and its configuration. `--help`, `--version` and a wrong
 * flag end the process here.
 */
export function readConfig(
  args: string[],
  version: string,
): { task: Task; config: ConsumerConfig } {
  dropEmptyVariables(process.env);
  let task: Task = 'consume';
  const command = serviceCommand(
    'consumer',
    'Stores the contacts of a RabbitMQ queue in PostgreSQL, until it is stopped.',
    version,
  )
    .addOption(
      new Option('--db-host <string>', 'database host')
        .env('FC_CONSUMER_DB_HOST')
        .default('0.0.0.0')
        .argParser(text),
    )
    .addOption(
      new Option('--db-port <int>', 'database port')
        .env('FC_CONSUMER_DB_PORT')
        .default(5432)
        .argParser(integer(1, 65535)),
    )
    .addOption(
      new Option('--db-user <string>', 'database user')
        .env('FC_CONSUMER_DB_USER')
        .default('fcuser')
        .argParser(text),
    )
    .addOption(
      new Option('--db-pass <string>', 'database password')
        .env('FC_CONSUMER_DB_PASS')
        .default('fcpass'),
    )
    .addOption(
      new Option('--db-name <string>', 'name of the database')
        .env('FC_CONSUMER_DB_NAME')
        .default('userdata')
        .argParser(text),
    );
  const migrate = command
    .command('migrate')
    .description('create the database if it is missing, and apply every migration')
    .action(() => void (task = 'migrate up'));
  migrate
    .command('down')
    .description('take the last migration back')
    .action(() => void (task = 'migrate down'));
  command
    .command('drop-db')
    .description('drop the database with everything in it')
    .action(() => void (task = 'drop database'));
  // not inherited by the commands above: a word that is none of them reaches this one as an argument
  command.allowExcessArguments().action(() => {
    const [word] = command.args;
    if (word !== undefined) command.error(`error: unknown command '${word}'`);
  });

  const options = command.parse(withDoubleDashes(args, [command]), { from: 'user' }).opts();
  return {
    task,
    config: {
      parallel: options.parallel,
      queue: {
        address: options.queueAddr,
        user: options.queueUser,
        password: options.queuePass,
        name: options.queueName,
      },
      database: {
        host: options.dbHost,
        port: options.dbPort,
        user: options.dbUser,
        password: options.dbPass,
        name: options.dbName,
      },
      logLevel: options.logLevel,
    },
  };
}
