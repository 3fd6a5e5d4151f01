import type { ConfirmChannel } from 'amqplib';
import type { Logger } from '@csv2db/libs/logger.ts';
import type { QueueSession } from '@csv2db/libs/queue/session.ts';
import { finished, queueSessions } from '@csv2db/libs/queue/reconnect.ts';
import type { ConsumerConfig } from './config.ts';
import { openPool } from './database/connect.ts';
import { BatchSize } from './batch-size.ts';
import { decode } from './decode.ts';
import { intake } from './intake.ts';
import { Progress } from './progress.ts';
import { settle } from './settle.ts';
import { Store } from './store/store.ts';

/**
 * Stores the contacts of the queue until the signal is aborted: every message ends committed to the
 * table, found there already, or in the dead-letter queue, and only then is it acknowledged.
 *
 * Outages of the broker and of the database are waited out. What was delivered in a session that is
 * lost is never acknowledged; the broker delivers it again.
 *
 * Resolves when everything that had been delivered is settled.
 *
 * @throws FatalError when the broker or the database refuses the configuration at the start.
 */
export async function run(config: ConsumerConfig, signal: AbortSignal, log: Logger): Promise<void> {
  const { queue, database, parallel } = config;
  const pool = await openPool(database, parallel, signal, log);
  if (!pool) return;
  const store = new Store(pool, database, log);
  const progress = new Progress(log);
  const options = { clientName: 'csv2db consumer', channels: parallel };
  for await (const session of queueSessions(queue, options, signal, log)) {
    log.info(
      { queue: queue.name, workers: parallel },
      `consuming the queue "${queue.name}" with ${parallel} workers`,
    );
    const workers = session.channels.map((channel) =>
      work(session, channel, config, store, progress, signal),
    );
    if (await finished(session, workers)) break;
  }
  progress.finish('stopped');
  await pool.end();
}

/** A worker: takes one batch at a time through all the stages. */
async function work(
  session: QueueSession,
  channel: ConfirmChannel,
  { queue, batches }: ConsumerConfig,
  store: Store,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const giveBack = (): void => session.fail('the messages in hand were given back to the queue');
  const size = new BatchSize(batches);
  for await (const batch of intake(session, channel, queue.name, size, signal)) {
    const began = performance.now();
    const outcome = await store.store(() => decode(batch), signal, giveBack);
    session.lost.throwIfAborted();
    await settle(session, channel, queue, batch, outcome.refusals);
    const milliseconds = performance.now() - began;
    size.adapt(
      batch.length,
      batch.reduce((sum, { content }) => sum + content.length, 0),
      milliseconds,
    );
    progress.settled(outcome, milliseconds);
  }
}
