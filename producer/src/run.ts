import { FatalError } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import { columnsHeader } from '@csv2db/libs/message.ts';
import { tellProgress } from '@csv2db/libs/progress.ts';
import { queueSessions, type SessionsOptions } from '@csv2db/libs/queue/reconnect.ts';
import { QueueState } from '@csv2db/libs/queue/state.ts';
import { countIn } from '@csv2db/libs/ranges.ts';
import type { Terminal } from '@csv2db/libs/terminal.ts';
import { announced, closingOf } from './announce.ts';
import { fromStart, resume } from './checkpoint/checkpoint.ts';
import { openStore } from './checkpoint/store.ts';
import type { ProducerConfig } from './config.ts';
import { continuation } from './continuation.ts';
import { Journal } from './journal.ts';
import { openMetrics } from './metrics/open.ts';
import type { Message } from './pack.ts';
import { Progress } from './progress.ts';
import { refuseBeyond, refuseNothing, refuseRejects } from './refuse.ts';
import { isExceeded, limitRejects } from './rejects/limit.ts';
import { nextPlace } from './rejects/place.ts';
import { ImportReport } from './report.ts';
import { readRowList } from './row-list.ts';
import { ship } from './ship.ts';
import { blockSizeFor, shipments } from './shipments.ts';
import { findFiles } from './source/files.ts';
import { FormatError } from './source/foreign.ts';
import { Inputs } from './source/inputs.ts';
import { rowsBehind } from './source/select.ts';

/**
 * Publishes the rows of files: every row ends confirmed by the broker, or rejected and logged. An
 * outage of the broker is waited out; what it had not confirmed is sent again.
 *
 * Resolves when the files have been read, or the signal was aborted, and every message sent until
 * then is confirmed.
 *
 * @throws FatalError when a file fails, the broker for longer than `retryFor`, or too many rows are
 * rejected.
 */
export async function run(
  config: ProducerConfig,
  signal: AbortSignal,
  logger: Logger,
  terminal: Terminal | undefined,
): Promise<void> {
  const files = await findFiles(config.files, logger);
  const inputs = new Inputs(
    files,
    config.input,
    blockSizeFor(config.rowsPerMessage),
    signal,
    logger,
  );
  const store = await openStore(config.checkpoint, files, logger);
  const resumed = config.resume ? await resume(store, inputs, config, logger) : undefined;
  const beginning = resumed ?? fromStart(config.offset, config.importId);
  const log = logger.child({ import: beginning.importId });
  const progress = new Progress(beginning.sent, (file) => inputs.nameAmongOthers(file), log);
  const queue = new QueueState();
  const metrics = await openMetrics(config, { progress, inputs, queue }, logger);
  const wanted = config.rows
    ? await readRowList(config.rows, signal, log)
    : rowsBehind(beginning.rows, config.limit);
  const journal = await Journal.open(config, inputs, store, beginning, log);
  const report = new ImportReport(progress, inputs, countIn(wanted), queue);
  const endTelling = tellProgress(report, config, terminal);
  const rows = limitRejects(
    shipments(inputs, beginning, { ...config, wanted }, signal, log),
    config.maxRejects,
  );
  let outcome = 'failed';
  let remedy: string | undefined;
  try {
    await inputs.begin(beginning.seek.file);
    await journal.begin();
    log.info(
      `the import ${beginning.importId} of ${inputs.title} ${resumed ? 'goes on' : 'begins'}`,
    );
    for await (const event of ship(
      config.rows ? rows : announced(rows, inputs, beginning, config.limit),
      queueSessions(config.queue, sessionsOf(config, queue), signal, log),
      {
        ...config,
        queue: config.queue.name,
        common: { importId: beginning.importId, columns: columnsHeader(config.columns) },
        closing,
      },
      log,
    )) {
      progress.count(event);
      await journal.follow(event, progress.lastSent);
    }
    outcome = signal.aborted ? 'stopped' : 'finished';
    if (signal.aborted) remedy = await howToGoOn();
    refuseRejects(config.maxRejects, progress);
    if (config.rows && !signal.aborted) refuseBeyond(wanted, journal.standing, inputs.title);
  } catch (error) {
    if (!(error instanceof FatalError) || error instanceof FormatError) throw error;
    throw new FatalError(`${error.message}; ${await howToGoOn()}`, { cause: error });
  } finally {
    endTelling();
    await journal.save();
    progress.finish(outcome, terminal?.width);
    await metrics?.finish(outcome === 'finished');
    await journal.close();
    await store.close();
    await inputs.close();
  }
  if (remedy !== undefined) log.info(remedy);
  if (outcome === 'finished' && beginning.sent === 0) refuseNothing(inputs.title, progress);

  /** That the import is whole; undefined where it was ended before, or only parts of it are published. */
  function closing(): Message | undefined {
    const { rejects, read } = progress;
    const isWhole =
      !config.rows && !signal.aborted && !isExceeded(config.maxRejects, rejects.count, read);
    return isWhole ? closingOf(inputs, beginning, journal.standing.rows) : undefined;
  }

  /** How to go on where it ends early, in words. */
  async function howToGoOn(): Promise<string> {
    if (config.rows) {
      return `"consumer status ${beginning.importId} --missing" tells what is still missing`;
    }
    const { rows } = journal.standing;
    const isSaved = await journal.save();
    const canResume = isSaved && !store.hasPassword;
    const limit = config.limit - (rows - beginning.rows);
    const next = canResume ? undefined : await nextPlace(config.rejects);
    const { args } = config;
    const { importId } = beginning;
    const command = continuation({ args, rows, limit, canResume, importId, rejects: next });
    return `${rows} rows are processed. Go on with: ${command}`;
  }
}

/**
 * A quorum queue holds up a channel that has 32 messages on their way into its log
 * (`quorum_commands_soft_limit`), so several fill each write to disk. A worker alone has one, on
 * which the order of the file is kept.
 */
function sessionsOf({ parallel, retryFor }: ProducerConfig, state: QueueState): SessionsOptions {
  const channels = parallel === 1 ? 1 : 4 * parallel;
  return { clientName: 'csv2db producer', channels, retryFor, state };
}
