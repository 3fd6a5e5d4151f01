import { setTimeout as pause } from 'node:timers/promises';
import { FatalError, messageOf, TransientError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { formatAddress, type QueueConfig } from './address.ts';
import { openSession, type QueueSession } from './session.ts';
import { retry } from '../retry.ts';

export interface SessionsOptions {
  /** What the connections are called on the broker's management page. */
  clientName: string;
  /** Number of channels in each session. */
  channels: number;
  /**
   * How long one outage may last, in milliseconds, before it is fatal. It ends when the broker confirms
   * something, not when it merely lets a session open. Default: for ever.
   */
  retryFor?: number;
}

/**
 * Pause before a lost session is replaced, in milliseconds. It doubles while sessions are short, so
 * that one which always fails is no busy loop.
 */
const [SHORTEST_PAUSE, LONGEST_PAUSE] = [250, 8_000];
/** A session that lasted so long, in milliseconds, was not short. */
const LONG_ENOUGH = 10_000;

/**
 * Sessions with the broker, one after the other: whoever iterates works with one until it is lost,
 * then takes the next. Each is closed when it is lost, and when the iteration ends.
 *
 * It ends by itself when the signal is aborted while there is no session.
 *
 * @throws FatalError when an outage lasts longer than `retryFor`, be it without sessions or with ones that
 * are lost before anything is confirmed; at the first session, also when the broker refuses the user, the vhost or a queue. Later that is an outage like any other: a broker
 * that starts may refuse what it accepts a moment later.
 */
export async function* queueSessions(
  config: QueueConfig,
  { clientName, channels, retryFor = Infinity }: SessionsOptions,
  signal: AbortSignal,
  log: Logger,
): AsyncGenerator<QueueSession> {
  let next = 0;
  let isFirst = true;

  async function openNext(): Promise<QueueSession> {
    const address = config.addresses[next++ % config.addresses.length];
    if (!address) throw new FatalError('no address of a queue was given');
    try {
      const session = await openSession(config, address, clientName, channels, log);
      if (!isFirst) log.info(`connected to RabbitMQ at ${formatAddress(address)} again`);
      isFirst = false;
      return session;
    } catch (error) {
      if (isFirst || error instanceof TransientError) throw error;
      throw new TransientError(messageOf(error), { cause: error });
    }
  }

  const isStopped = (): boolean => signal.aborted;
  let reopenPause = SHORTEST_PAUSE;
  let outageBegan: number | undefined;
  const left = (): number => retryFor - (performance.now() - (outageBegan ?? performance.now()));
  while (!isStopped()) {
    let session: QueueSession;
    try {
      session = await retry(openNext, {
        signal,
        retryFor: left(),
        onOutage: ({ message }) => log.warn(`${message}; trying again ${forHowLong(retryFor)}`),
      });
    } catch (error) {
      if (isStopped()) return;
      throw error instanceof TransientError
        ? new FatalError(error.message, { cause: error })
        : error;
    }
    const began = performance.now();
    try {
      yield session;
    } finally {
      await session.close();
    }
    if (isStopped()) return;
    if (session.hasWorked()) outageBegan = undefined;
    outageBegan ??= performance.now();
    const reason: unknown = session.lost.reason;
    if (left() <= 0) throw new FatalError(messageOf(reason), { cause: reason });
    log.warn(`${messageOf(reason)}; connecting again`);
    if (performance.now() - began > LONG_ENOUGH) reopenPause = SHORTEST_PAUSE;
    await pause(reopenPause, undefined, { signal }).catch(() => {});
    reopenPause = Math.min(2 * reopenPause, LONGEST_PAUSE);
  }
}

function forHowLong(milliseconds: number): string {
  return milliseconds === Infinity ? 'until it works' : `for ${milliseconds / 1000} s`;
}

/**
 * Waits for the workers of a session, however they end.
 *
 * @returns whether they did all their work; false when the session was lost before, or given up
 * because a worker threw a TransientError.
 * @throws anything else that a worker threw while the session was alive.
 */
export async function finished(
  session: QueueSession,
  workers: readonly Promise<void>[],
): Promise<boolean> {
  let failure: Error | undefined;
  const watched = workers.map((worker) =>
    worker.catch((error: unknown) => {
      // what a worker throws after the session is lost is only a consequence
      if (session.lost.aborted) return;
      if (!(error instanceof TransientError)) {
        failure = error instanceof Error ? error : new Error(messageOf(error));
      }
      session.fail(messageOf(error));
    }),
  );
  await Promise.all(watched);
  if (failure) throw failure;
  return !session.lost.aborted;
}
