import { FatalError } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import { queueSessions, type SessionsOptions } from '@csv2db/libs/queue/reconnect.ts';
import { type Beginning, fromStart, resume } from './checkpoint/checkpoint.ts';
import { Checkpointer } from './checkpoint/checkpointer.ts';
import { openStore } from './checkpoint/store.ts';
import type { ProducerConfig } from './config.ts';
import { continuation } from './continuation.ts';
import { formatLimit, isExceeded, limitRejects, type RejectLimit } from './limit-rejects.ts';
import { pack } from './pack.ts';
import { ConfirmedPrefix } from './prefix.ts';
import { Progress } from './progress.ts';
import { ship } from './ship.ts';
import { countRows, type RowChunk } from './source/chunk.ts';
import { FormatError, ofThisFormat } from './source/format.ts';
import { openSource, type Source } from './source/open.ts';
import { readRows } from './source/rows.ts';
import { select } from './source/select.ts';
import { wholeFile } from './source/whole.ts';
import { validate } from './validate.ts';
import type { Shipment } from './worklist.ts';

/** Milliseconds between two progress lines. */
const PROGRESS_INTERVAL = 5_000;

/**
 * Publishes the rows of a file: every row ends confirmed by the broker, or rejected and logged. An
 * outage of the broker is waited out; what it had not confirmed is sent again.
 *
 * Resolves when the file has been read, or the signal was aborted, and every message sent until
 * then is confirmed.
 *
 * @throws FatalError when the file fails, the broker for longer than `retryFor`, or too many rows
 * are rejected.
 */
export async function run(config: ProducerConfig, signal: AbortSignal, log: Logger): Promise<void> {
  const source = await openSource(config.file);
  const store = await openStore(config.checkpoint, source, log);
  const beginning =
    (config.resume && (await resume(store, source, log))) || fromStart(config.offset);
  const prefix = new ConfirmedPrefix(beginning);
  const progress = new Progress(beginning.sent, log);
  const checkpointer = new Checkpointer(store, source, beginning, log);
  const ticking = setInterval(() => progress.say('publishing'), PROGRESS_INTERVAL).unref();
  let outcome = 'failed';
  try {
    // from here on a checkpoint is of this import, not of an earlier one
    await checkpointer.save();
    for await (const event of ship(
      limitRejects(shipments(source, beginning, config, signal, log), config.maxRejects),
      queueSessions(config.queue, sessionsOf(config), signal, log),
      { ...config, queue: config.queue.name, importId: beginning.importId },
      log,
    )) {
      progress.count(event);
      if (event.kind !== 'settled') continue;
      prefix.settle(event.chunk);
      checkpointer.note(prefix.standing, progress.lastSent);
    }
    outcome = signal.aborted ? 'stopped' : 'finished';
    refuseRejects(config.maxRejects, progress);
  } catch (error) {
    if (!(error instanceof FatalError) || error instanceof FormatError) throw error;
    throw await withContinuation(error);
  } finally {
    clearInterval(ticking);
    await checkpointer.save();
    progress.finish(outcome);
    await store.close();
    await source.close();
  }
  if (outcome === 'finished' && beginning.sent === 0) refuseNothing(source.name, progress);

  /** Tells in an error how to go on. */
  async function withContinuation(error: FatalError): Promise<FatalError> {
    const { rows } = prefix.standing;
    const isSaved = await checkpointer.save();
    const canResume = isSaved && !store.hasPassword;
    const limit = config.limit - (rows - beginning.rows);
    const command = continuation({ args: config.args, rows, limit, canResume });
    return new FatalError(`${error.message}; ${rows} rows are processed. Go on with: ${command}`, {
      cause: error,
    });
  }
}

/** @throws FatalError when more rows are rejected than may be. */
function refuseRejects(most: RejectLimit, { rejects, read }: Progress): void {
  if (!isExceeded(most, rejects.count, read)) return;
  throw new FatalError(
    `--max-rejects ${formatLimit(most)}: ${rejects.count} of ${read} rows are rejected`,
  );
}

/** @throws FatalError when no row of a file that has some was published. */
function refuseNothing(name: string, { rejects, read, published }: Progress): void {
  if (published > 0 || read === 0) return;
  throw new FatalError(
    `nothing of ${name} was published: its rows are all rejected (${rejects.inWords()})`,
  );
}

/** The rows of the file in messages; those that are rejected beside them. */
async function* shipments(
  source: Source,
  { rows, seek }: Beginning,
  { limit, rowsPerMessage }: ProducerConfig,
  signal: AbortSignal,
  log: Logger,
): AsyncGenerator<Shipment, void> {
  const blocks = source.read(seek.bytes, blockSizeFor(rowsPerMessage), signal);
  const checked = seek.bytes === 0 ? ofThisFormat(blocks, source.name, log) : blocks;
  const whole = wholeFile(checked, source, log);
  const chunks = select(readRows(whole, seek, { keepPlain: rowsPerMessage > 1 }), rows, limit);
  try {
    for await (const chunk of chunks) yield toShipment(chunk, rowsPerMessage);
  } catch (error) {
    // a row that was read in part is none
    if (!signal.aborted) throw error;
  }
}

function toShipment(chunk: RowChunk, rowsPerMessage: number): Shipment {
  const { firstRow, start } = chunk;
  const read = countRows(chunk);
  const { runs, rejects } = validate(chunk);
  // the rows themselves are let go: they may wait for their confirms, encoded
  return {
    chunk: { firstRow, lastRow: firstRow + read - 1, start },
    read,
    rejects,
    messages: pack(runs, rowsPerMessage),
    isRepeated: false,
  };
}

/**
 * Bytes to read at a time: enough for a message, and so few that the messages of the chunks in
 * hand, of which each takes far more memory than its row, are not too many.
 */
function blockSizeFor(rowsPerMessage: number): number {
  return (rowsPerMessage < 100 ? 8 : 128) * 1024;
}

/**
 * A quorum queue holds up a channel that has 32 messages on their way into its log
 * (`quorum_commands_soft_limit`), so several fill each write to disk. A worker alone has one, on
 * which the order of the file is kept.
 */
function sessionsOf({ parallel, retryFor }: ProducerConfig): SessionsOptions {
  return { clientName: 'csv2db producer', channels: parallel === 1 ? 1 : 4 * parallel, retryFor };
}
