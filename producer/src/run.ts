import { FatalError } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import { finished, queueSessions } from '@csv2db/libs/sessions.ts';
import { openStore } from './checkpoint-store.ts';
import { Checkpointer, fromStart, resume } from './checkpoint.ts';
import type { ProducerConfig } from './config.ts';
import { Progress } from './progress.ts';
import { createPublisher } from './publish.ts';
import { readRows, type RowChunk } from './rows.ts';
import { select } from './select.ts';
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

  const chunks = select(readRows(file, signal, beginning.seek), beginning.rows, limit);
  const worklist = new Worklist(shipments(chunks, progress));
  const shipping = new Shipping(worklist, progress, retryFor, log);
  const options = { clientName: 'csv2db producer', parallel, retryFor };
  let outcome = 'failed';
  // from here on a checkpoint is of this import, not of an earlier one
  await checkpointer.save();
  try {
    for await (const session of queueSessions(queue, options, signal, log)) {
      progress.connected(session);
      const workers = session.channels.map((channel) =>
        shipping.work(session, createPublisher(session, channel, queue.name, beginning.importId)),
      );
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

/** Rows on their way to the workers: the bad ones are rejected here. */
async function* shipments(
  chunks: AsyncIterable<RowChunk>,
  progress: Progress,
): AsyncGenerator<Shipment, void> {
  for await (const chunk of chunks) {
    const { contacts, rejects } = validate(chunk);
    progress.read(chunk, rejects);
    yield { chunk, contacts, isRepeated: false };
  }
}
