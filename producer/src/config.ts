import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { FatalError } from '@csv2db/libs/errors.ts';
import { withDoubleDashes } from '@csv2db/libs/options/go-flags.ts';
import { queueConfig } from '@csv2db/libs/options/queue-config.ts';
import { dropUnsetVariables, serviceCommand } from '@csv2db/libs/options/service-command.ts';
import {
  durationOrForever,
  integer,
  type ListenAddress,
  type LogLevel,
} from '@csv2db/libs/options/values.ts';
import type { QueueConfig } from '@csv2db/libs/queue/address.ts';
import { visible } from '@csv2db/libs/visible.ts';
import type { CheckpointPlace } from './checkpoint/store.ts';
import { FILE_OPTIONS, rulesOf } from './file-options.ts';
import { checkImport, IMPORT_OPTIONS } from './import-options.ts';
import type { RejectLimit } from './rejects/limit.ts';
import type { RejectsPlace } from './rejects/place.ts';
import type { RowList } from './row-list.ts';
import type { InputWishes } from './source/inputs.ts';
import type { ValueRules } from './values.ts';

export interface ProducerConfig {
  /** Paths and patterns of the CSV files; - for standard input. */
  files: readonly string[];
  /** Names of the columns that are sent. */
  columns: readonly string[];
  input: InputWishes;
  rules: ValueRules;
  rejects: RejectsPlace;
  /** Whether to do everything but send. */
  isDryRun: boolean;
  /** Id of the import; undefined for a new one. */
  importId: string | undefined;
  /** Rows to publish again, and no others; then there is no checkpoint, and nothing is announced. */
  rows: RowList | undefined;
  /** Rows to leave out at the start of the import. */
  offset: number;
  /** Most rows to take. */
  limit: number;
  /** How many rows may be rejected before the import ends. */
  maxRejects: RejectLimit;
  /** Whether to go on where the last import of these files stood. */
  resume: boolean;
  /** Where that is kept. */
  checkpoint: CheckpointPlace;
  /** Number of workers. */
  parallel: number;
  queue: QueueConfig;
  /** Most rows in a message; with 1, a message is a row as the original sends it, in JSON. */
  rowsPerMessage: number;
  /** How long one outage of the broker may last, in milliseconds. */
  retryFor: number;
  /** Longest time to finish the work in hand when stopped, in milliseconds. */
  drainTimeout: number;
  /** Where to serve metrics and health; undefined for nowhere. */
  metricsAddress: ListenAddress | undefined;
  /** Path of a file to write the metrics to at the end; undefined for none. */
  metricsFile: string | undefined;
  logLevel: LogLevel;
  /** Whether to log JSON on a terminal, too. */
  isJson: boolean;
  /** Whether to tell nothing of the progress. */
  isQuiet: boolean;
  /** The arguments, with two dashes, for a command that goes on. */
  args: readonly string[];
}

const EXAMPLES = `
Examples:
  producer --file contacts.csv --dry-run
  producer --file contacts.csv --rows-per-message 5000
  producer --file contacts.csv --resume
  consumer status ID --missing | producer --file contacts.csv --import-id ID --rows -
  producer --file crm.csv.gz --columns 'name="Full Name",email="E-Mail"' --trim
  producer --file 'orders/*.csv' --columns id,placed,total
  psql -c 'COPY people TO STDOUT (FORMAT csv)' | producer --file -`;

/**
 * Reads flags and environment into a configuration. `--help`, `--version` and a wrong flag end the
 * process here.
 *
 * @throws FatalError when flags are missing, or exclude each other.
 */
export function readConfig(args: string[], version: string): ProducerConfig {
  dropUnsetVariables(process.env);
  const command = serviceCommand(
    'producer',
    'Streams the rows of CSV files into a durable RabbitMQ queue.',
    version,
    'metrics for Prometheus, /livez and /readyz',
  )
    .optionsGroup('Files and their rows:')
    .addOption(FILE_OPTIONS.file)
    .addOption(FILE_OPTIONS.columns)
    .addOption(FILE_OPTIONS.header)
    .addOption(FILE_OPTIONS.delimiter)
    .addOption(FILE_OPTIONS.quote)
    .addOption(FILE_OPTIONS.encoding)
    .addOption(FILE_OPTIONS.rules)
    .addOption(FILE_OPTIONS.trim)
    .addOption(FILE_OPTIONS.null)
    .addOption(FILE_OPTIONS.rejects)
    .addOption(FILE_OPTIONS.dryRun)
    .optionsGroup('Import:')
    .addOption(IMPORT_OPTIONS.importId)
    .addOption(IMPORT_OPTIONS.offset)
    .addOption(IMPORT_OPTIONS.limit)
    .addOption(IMPORT_OPTIONS.rows)
    .addOption(IMPORT_OPTIONS.maxRejects)
    .addOption(IMPORT_OPTIONS.checkpoint)
    .addOption(IMPORT_OPTIONS.resume)
    .addOption(
      new Option('--rows-per-message <int>', 'most rows in a message; above 1, it is CSV')
        .env('FC_PRODUCER_ROWS_PER_MESSAGE')
        .default(1)
        .argParser(integer(1, 100_000)),
    )
    .addOption(
      new Option('--retry-for <duration>', 'longest outage of the queue to wait for, or forever')
        .env('FC_PRODUCER_RETRY_FOR')
        .default(300_000, '5m')
        .argParser(durationOrForever),
    )
    .addOption(
      new Option('--metrics-file <path>', 'write metrics there at the end, for node_exporter')
        .env('FC_PRODUCER_METRICS_FILE')
        .argParser(textfile),
    );
  command.addHelpText('after', EXAMPLES);
  command.allowExcessArguments().action(() => {
    const [word] = command.args;
    if (word !== undefined)
      command.error(`error: ${visible(word)} is no flag: --file names a file`);
  });
  const dashed = withDoubleDashes(args, [command]);
  const options = command.parse(dashed, { from: 'user' }).opts();
  if (options.file === undefined) {
    throw new FatalError('--file (FC_PRODUCER_FILE) is missing: name the CSV file to read');
  }
  const rules = rulesOf(options);
  checkImport({ ...options, file: options.file });
  if (options.delimiter === options.quote) {
    throw new FatalError('--delimiter and --quote are the same character');
  }
  const sourceOf = (name: string): string | undefined => command.getOptionValueSource(name);
  const isDefault = (name: string): boolean => sourceOf(name) === 'default';
  const isAgain = options.rows !== undefined;
  return {
    files: options.file,
    columns: options.columns.map(({ name }) => name),
    input: {
      columns: options.columns,
      header: options.header,
      delimiter: options.delimiter === 'auto' ? undefined : options.delimiter,
      quote: options.quote === 'none' ? undefined : options.quote,
      encoding: options.encoding,
    },
    rules,
    rejects: isAgain && isDefault('rejects') ? { kind: 'none' } : options.rejects,
    isDryRun: options.dryRun,
    importId: options.importId,
    rows: options.rows,
    offset: options.offset,
    limit: options.limit,
    maxRejects: options.maxRejects,
    resume: options.resume,
    checkpoint: isAgain ? { kind: 'none' } : options.checkpoint,
    parallel: options.parallel,
    queue: queueConfig(options, sourceOf),
    rowsPerMessage: options.rowsPerMessage,
    retryFor: options.retryFor,
    drainTimeout: options.drainTimeout,
    metricsAddress: options.metricsAddr,
    metricsFile: options.metricsFile,
    logLevel: options.logLevel,
    isJson: options.json ?? false,
    isQuiet: options.quiet ?? false,
    args: dashed,
  };
}

/** A name that the textfile collector of node_exporter looks at. */
function textfile(value: string): string {
  if (value.endsWith('.prom')) return value;
  throw new InvalidArgumentError('It must end with .prom: node_exporter passes over other files.');
}
