import type { Logger } from '@csv2db/libs/logger.ts';
import { openQueue } from '@csv2db/libs/queue.ts';
import type { ProducerConfig } from './config.ts';
import { Progress } from './progress.ts';
import { createPublisher, type Publisher } from './publish.ts';
import { readRows, type RowChunk } from './rows.ts';
import { validate } from './validate.ts';

/**
 * Publishes the rows of a file: every row ends confirmed by the broker, or rejected and logged.
 *
 * Resolves when the file has been read, or the signal was aborted, and every message sent until then
 * is confirmed.
 *
 * @throws FatalError when the broker or the file fails; the log then says how far it got.
 */
export async function run(config: ProducerConfig, signal: AbortSignal, log: Logger): Promise<void> {
  const queue = config.queue.name;
  const session = await openQueue(config.queue, 'csv2db producer', [queue], config.parallel);
  const progress = new Progress(log);
  try {
    const chunks = readRows(config.file, signal);
    const workers = session.channels.map((channel) =>
      publishAll(chunks, createPublisher(channel, queue), progress),
    );
    await Promise.race([Promise.all(workers), session.failure]);
    progress.finish(signal.aborted ? 'stopped' : 'finished');
  } catch (error) {
    progress.finish('failed');
    throw error;
  } finally {
    await session.close();
  }
}

/**
 * A worker: takes chunks from the file, which it shares with the other workers, as fast as its
 * messages are confirmed. It has two chunks at most unconfirmed; that bounds the memory, and holds
 * the file back when the broker is slow.
 */
async function publishAll(
  chunks: AsyncGenerator<RowChunk>,
  publisher: Publisher,
  progress: Progress,
): Promise<void> {
  let previous: Promise<void> = Promise.resolve();
  for await (const chunk of chunks) {
    progress.read(chunk.rows.length);
    const { contacts, rejects } = validate(chunk);
    progress.rejected(rejects);
    const confirmed = publisher.publish(contacts).then(() => progress.published(contacts.length));
    // observed a turn later, when it is the previous one
    confirmed.catch(() => {});
    await previous;
    previous = confirmed;
  }
  await previous;
}
