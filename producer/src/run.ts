import { FatalError } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import { finished, queueSessions } from '@csv2db/libs/queue/reconnect.ts';
import { openStore } from './checkpoint/store.ts';
import { Checkpointer, fromStart, resume } from './checkpoint/checkpoint.ts';
import type { ProducerConfig } from './config.ts';
import { toMessages } from './pack.ts';
import { Progress } from './progress.ts';
import { createPublisher } from './publish.ts';
import { readRows, type RowChunk } from './source/rows.ts';
import { select } from './source/select.ts';
import { Shipping } from './ship.ts';
import { validate } from './validate.ts';
import { Worklist, type Shipment } from './worklist.ts';

/**
 * Publishes the rows of a file: every row ends confirmed by the broker, or rejected and logged. An
 * outage of the broker is waited out; what it had not confirmed is sent again.
 *
 * Resolves when the file has been read, or the signal was aborted, and every message sent until then
 * is confirmed.
 *
 * @throws FatalError when the file fails, or the broker for longer than `retryFor`.
 */
export async function run(config: ProducerConfig, signal: AbortSignal, log: Logger): Promise<void> {
  const { file, offset, limit, queue, parallel, retryFor } = config;
  const store = await openStore(config.checkpoint, file);
  const beginning = (config.resume && (await resume(store, file, log))) || fromStart(offset);
  const progress = new Progress(beginning, log);
  const checkpointer = new Checkpointer(store, file, beginning.importId, progress, log);

  const rows = readRows(file, blockSizeFor(config.rowsPerMessage), signal, beginning.seek);
  const chunks = select(rows, beginning.rows, limit);
  const worklist = new Worklist(shipments(chunks, config.rowsPerMessage, progress));
  const shipping = new Shipping(worklist, progress, retryFor, log);
  const options = { clientName: 'csv2db producer', channels: channelsFor(parallel), retryFor };
  let outcome = 'failed';
  // from here on a checkpoint is of this import, not of an earlier one
  await checkpointer.save();
  try {
    for await (const session of queueSessions(queue, options, signal, log)) {
      progress.connected(session);
      const publisher = createPublisher(session, queue.name, beginning.importId);
      const workers = Array.from({ length: parallel }, () => shipping.work(session, publisher));
      if (await finished(session, workers)) break;
    }
    outcome = signal.aborted ? 'stopped' : 'finished';
  } catch (error) {
    if (!(error instanceof FatalError)) throw error;
    const { rows } = progress.prefix;
    const isSaved = await checkpointer.save();
    const command = config.continuation({ rows, begunAt: beginning.rows, isSaved });
    throw new FatalError(`${error.message}; ${rows} rows are processed. Go on with: ${command}`, {
      cause: error,
    });
  } finally {
    await checkpointer.finish();
    progress.finish(outcome);
  }
}

/**
 * Bytes to read at a time: enough for a message, and so few that the messages of the chunks in hand, of
 * which each takes far more memory than its row, are not too many.
 */
function blockSizeFor(rowsPerMessage: number): number {
  return (rowsPerMessage < 100 ? 8 : 64) * 1024;
}

/**
 * Channels for so many workers. A quorum queue holds up a channel that has 32 messages on their way into its
 * log (`quorum_commands_soft_limit`), so several fill each write to disk. A worker alone has one, on which the
 * order of the file is kept.
 */
function channelsFor(parallel: number): number {
  return parallel === 1 ? 1 : 4 * parallel;
}

/** Rows on their way to the workers: the bad ones are rejected here. */
async function* shipments(
  chunks: AsyncIterable<RowChunk>,
  rowsPerMessage: number,
  progress: Progress,
): AsyncGenerator<Shipment, void> {
  for await (const chunk of chunks) {
    const { firstRow, rows, start } = chunk;
    const { runs, rejects } = validate(chunk);
    progress.read(rows.length, rejects);
    yield {
      // its rows are let go: they may wait here for their confirms, encoded
      chunk: { firstRow, lastRow: firstRow + rows.length - 1, start },
      messages: toMessages(runs, rowsPerMessage),
      isRepeated: false,
    };
  }
}
