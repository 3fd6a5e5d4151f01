import { TransientError } from '@csv2db/libs/errors.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import { tellProgress } from '@csv2db/libs/progress.ts';
import { finished, queueSessions } from '@csv2db/libs/queue/reconnect.ts';
import type { QueueSession } from '@csv2db/libs/queue/session.ts';
import { QueueState } from '@csv2db/libs/queue/state.ts';
import { retry } from '@csv2db/libs/retry.ts';
import type { Terminal } from '@csv2db/libs/terminal.ts';
import type { ConfirmChannel } from 'amqplib';
import type { Delivery, Outcome } from './batch.ts';
import { BatchSize } from './batch-size.ts';
import type { ConsumerConfig } from './config.ts';
import { Database } from './database/connect.ts';
import type { Buried } from './dead-letters/letter.ts';
import { intake } from './intake.ts';
import type { Metrics } from './metrics/metrics.ts';
import { serveMetrics } from './metrics/serve.ts';
import { Progress } from './progress.ts';
import { WorkReport } from './report.ts';
import { settle } from './settle.ts';
import { opened } from './store/open.ts';
import { Outages } from './store/outages.ts';
import { StatementSize } from './store/statement-size.ts';
import { Store } from './store/store.ts';

/**
 * How long an outage may last, in milliseconds, before the messages in hand go back to the queue.
 */
const PATIENCE = 30_000;

/** What the workers share. */
interface Stages {
  config: ConsumerConfig;
  store: Store;
  outages: Outages;
  progress: Progress;
  metrics: Metrics | undefined;
  log: Logger;
}

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
export async function run(
  config: ConsumerConfig,
  signal: AbortSignal,
  log: Logger,
  terminal: Terminal | undefined,
): Promise<void> {
  const { queue, parallel } = config;
  const database = new Database(config.database, parallel, log);
  const outages = new Outages(log);
  const state = new QueueState();
  const metrics = await serveMetrics(config, state, database, outages, log);
  const progress = new Progress(log);
  const report = new WorkReport(progress, state, database, outages);
  const endTelling = tellProgress(report, config, terminal);
  try {
    if (!(await opened(database, outages, signal))) return;
    const store = new Store(database, new StatementSize(config.database.statementTimeout, log));
    const stages = { config, store, outages, progress, metrics, log };
    const options = { clientName: 'csv2db consumer', channels: parallel, state };
    for await (const session of queueSessions(queue, options, signal, log)) {
      metrics?.connected(session);
      log.info(
        { queue: queue.name, workers: parallel },
        `consuming the queue "${queue.name}" with ${parallel} workers`,
      );
      const workers = session.channels.map((channel) => work(session, channel, stages, signal));
      if (await finished(session, workers)) break;
    }
    progress.finish('stopped', terminal?.width);
  } finally {
    endTelling();
    await database.end();
  }
}

/** A worker: takes one batch at a time through all the stages. */
async function work(
  session: QueueSession,
  channel: ConfirmChannel,
  stages: Stages,
  signal: AbortSignal,
): Promise<void> {
  const { queue, batches } = stages.config;
  const size = new BatchSize(batches);
  for await (const batch of intake(session, channel, queue.name, size, signal)) {
    const began = performance.now();
    const outcome = await stored(batch, session, stages, signal);
    session.lost.throwIfAborted();
    const buried: Buried = new Set();
    await retry(
      () => settle(session, channel, queue, batch, outcome.refusals, buried, stages.store),
      {
        // given back and delivered again, the messages would come closer to their delivery limit
        signal: AbortSignal.any([signal, session.lost]),
        onOutage: ({ message }) => stages.log.warn(`${message}; trying again until it works`),
      },
    );
    const milliseconds = performance.now() - began;
    const bytes = batch.reduce((sum, { content }) => sum + content.length, 0);
    size.adapt(batch.length, bytes, milliseconds);
    stages.progress.count(batch, outcome, milliseconds);
    stages.metrics?.settled(channel, batch, outcome, milliseconds);
  }
}

/**
 * Stores a batch, as soon as the database can. The broker does not wait for an acknowledgement for
 * ever: in a long outage the messages go back to the queue. Their rows are tried further all the
 * same, so that nothing is taken in while nothing can be stored; delivered again, they are
 * duplicates.
 *
 * @throws TransientError when the session is lost, or is to be.
 */
async function stored(
  batch: readonly Delivery[],
  session: QueueSession,
  { store, outages, log }: Stages,
  signal: AbortSignal,
): Promise<Outcome> {
  const attempt = (): Promise<Outcome> => store.store(batch);
  try {
    return await outages.outlast(attempt, signal, PATIENCE);
  } catch (error) {
    if (!(error instanceof TransientError) || signal.aborted) throw error;
    log.warn('the database is still out: the messages in hand go back to the queue');
    session.giveBack('the messages in hand were given back to the queue');
    return await outages.outlast(attempt, signal, Infinity);
  }
}
