import type { ConfirmChannel } from 'amqplib';
import type { Logger } from '@csv2db/libs/logger.ts';
import { openQueue } from '@csv2db/libs/queue.ts';
import type pg from 'pg';
import type { ConsumerConfig } from './config.ts';
import { databaseFailure, openPool } from './database.ts';
import { decode } from './decode.ts';
import { intake } from './intake.ts';
import { Progress } from './progress.ts';
import { deadQueueOf, settle } from './settle.ts';
import { store } from './store.ts';

/**
 * Stores the contacts of the queue until the signal is aborted: every message ends committed to the
 * table, found there already, or in the dead-letter queue, and only then is it acknowledged.
 *
 * Resolves when everything that had been delivered is settled.
 *
 * @throws FatalError when the broker or the database fails; what was not acknowledged is delivered
 * again, to this consumer or another.
 */
export async function run(config: ConsumerConfig, signal: AbortSignal, log: Logger): Promise<void> {
  const queues = [config.queue.name, deadQueueOf(config.queue.name)];
  const pool = await openPool(config.database, config.parallel);
  const session = await openQueue(config.queue, 'csv2db consumer', queues, config.parallel);
  const progress = new Progress(log);
  log.info(
    { queue: config.queue.name, workers: config.parallel },
    `consuming the queue "${config.queue.name}" with ${config.parallel} workers`,
  );
  try {
    const workers = session.channels.map((channel) =>
      work(channel, pool, config, progress, signal),
    );
    await Promise.race([Promise.all(workers), session.failure]);
    progress.finish('stopped');
  } catch (error) {
    progress.finish('failed');
    throw error;
  } finally {
    await session.close();
    await pool.end();
  }
}

/** A worker: takes one batch at a time through all the stages. */
async function work(
  channel: ConfirmChannel,
  pool: pg.Pool,
  { queue, database }: ConsumerConfig,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  for await (const batch of intake(channel, queue.name, signal)) {
    const began = performance.now();
    const { rows, refusals } = decode(batch);
    const stored = await store(pool, rows).catch((error: unknown) => {
      throw databaseFailure(error, database);
    });
    const outcome = { ...stored, refusals: [...refusals, ...stored.refusals] };
    await settle(channel, deadQueueOf(queue.name), batch, outcome.refusals);
    progress.settled(outcome, performance.now() - began);
  }
}
