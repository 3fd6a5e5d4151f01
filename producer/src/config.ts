import { constants, type Stats } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { Option } from '@commander-js/extra-typings';
import { codeOf, FatalError, messageOf } from '@csv2db/libs/errors.ts';
import {
  dropEmptyVariables,
  serviceCommand,
  text,
  withDoubleDashes,
  type LogLevel,
} from '@csv2db/libs/options.ts';
import type { QueueConfig } from '@csv2db/libs/queue.ts';

export interface ProducerConfig {
  /** Path of the CSV file: it exists, may be read, and is not a folder. */
  file: string;
  /** Number of workers, each with a channel of its own. */
  parallel: number;
  queue: QueueConfig;
  logLevel: LogLevel;
}

/**
 * Reads flags and environment into a configuration. `--help`, `--version` and a wrong flag end the
 * process here.
 *
 * @throws FatalError when the file can't be read.
 */
export async function readConfig(args: string[], version: string): Promise<ProducerConfig> {
  dropEmptyVariables(process.env);
  const command = serviceCommand(
    'producer',
    'Streams the rows of a CSV file (name,email; no header) into a durable RabbitMQ queue.',
    version,
  ).addOption(
    new Option('--file <string>', 'path to CSV file').env('FC_PRODUCER_FILE').argParser(text),
  );
  const options = command.parse(withDoubleDashes(args, [command]), { from: 'user' }).opts();
  if (options.file === undefined) {
    throw new FatalError('--file (FC_PRODUCER_FILE) is missing: name the CSV file to read');
  }
  await checkFile(options.file);
  return {
    file: options.file,
    parallel: options.parallel,
    queue: {
      address: options.queueAddr,
      user: options.queueUser,
      password: options.queuePass,
      name: options.queueName,
    },
    logLevel: options.logLevel,
  };
}

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'permission denied',
};

async function checkFile(path: string): Promise<void> {
  let stats: Stats;
  try {
    stats = await stat(path);
    await access(path, constants.R_OK);
  } catch (error) {
    const why = REASONS[codeOf(error) ?? ''] ?? messageOf(error);
    throw new FatalError(`--file ${path} can't be read: ${why}`, { cause: error });
  }
  if (stats.isDirectory()) throw new FatalError(`--file ${path} is a folder: name a CSV file`);
}
