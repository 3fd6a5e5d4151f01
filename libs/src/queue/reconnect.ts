import { FatalError, messageOf, TransientError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { Backoff, retry } from '../retry.ts';
import { type Address, formatAddress, type QueueConfig } from './address.ts';
import { MessageTooLargeError } from './confirm.ts';
import { firstThatWorks } from './in-turn.ts';
import { isInternalError } from './losses.ts';
import { openSession, type QueueSession } from './session.ts';
import type { QueueState } from './state.ts';

export interface SessionsOptions {
  /** What the connections are called on the broker's management page. */
  clientName: string;
  /** Number of channels in each session. */
  channels: number;
  /**
   * How long one outage may last, in milliseconds. It ends when the broker confirms something, not
   * when it merely lets a session open. Default: for ever.
   */
  retryFor?: number;
  /** Told how it stands with the broker. */
  state: QueueState;
}

/** A session that lasted so long, in milliseconds, was not short. */
const LONG_ENOUGH = 10_000;

/**
 * Sessions with the broker, one after the other: whoever iterates works with one until it is lost,
 * then takes the next. Each is closed when it is lost, and when the iteration ends.
 *
 * It ends by itself when the signal is aborted while there is no session.
 *
 * @throws FatalError when an outage lasts longer than `retryFor`, be it without sessions or with
 * ones that are lost before anything is confirmed; at the first session, also when no broker works
 * and one refuses the user, the vhost, a queue or a right, or fails with TLS. Later that is an outage like
 * any other: a broker that starts may refuse what it accepts a moment later.
 */
export async function* queueSessions(
  config: QueueConfig,
  { clientName, channels, retryFor = Infinity, state }: SessionsOptions,
  signal: AbortSignal,
  log: Logger,
): AsyncGenerator<QueueSession> {
  /** The one that was tried last is at the end. */
  const inTurn = [...config.addresses];
  let opened = 0;

  async function openAt(address: Address, failures: readonly Error[]): Promise<QueueSession> {
    signal.throwIfAborted();
    inTurn.push(...inTurn.splice(0, 1));
    const session = await openSession(config, address, clientName, channels, log);
    for (const { message } of failures) log.warn(`${message}; another broker is used`);
    if (opened > 0) log.info(`connected to RabbitMQ at ${formatAddress(address)} again`);
    opened += 1;
    state.connected(session);
    return session;
  }

  async function openNext(): Promise<QueueSession> {
    try {
      return await firstThatWorks([...inTurn], openAt);
    } catch (error) {
      if (error instanceof Error) state.out(error);
      if (opened === 0 || error instanceof TransientError) throw error;
      throw new TransientError(messageOf(error), { cause: error });
    }
  }

  const isStopped = (): boolean => signal.aborted;
  const onPause = (milliseconds: number): void => state.pausing(milliseconds);
  // while sessions are short, so that one which always fails is no busy loop
  const backoff = new Backoff(250, 8_000);
  // while the broker itself fails, which may cost it a minute each time
  const longBackoff = new Backoff(10_000, 300_000);
  let outageBegan: number | undefined;
  const left = (): number =>
    retryFor - (outageBegan === undefined ? 0 : performance.now() - outageBegan);
  while (!isStopped()) {
    let session: QueueSession;
    state.connecting();
    try {
      session = await retry(openNext, {
        signal,
        retryFor: left(),
        onOutage: ({ message }) => log.warn(`${message}; trying again ${forHowLong(retryFor)}`),
        onPause,
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
      if (!session.lost.aborted) state.ended();
      await session.close();
    }
    if (isStopped()) return;
    const reason: unknown = session.lost.reason;
    if (session.hasWorked()) outageBegan = undefined;
    else if (opened === 1 && reason instanceof FatalError) throw reason;
    // it is sent in smaller ones now, which is no outage
    if (reason instanceof MessageTooLargeError) {
      log.warn(`${reason.message}: going on with smaller ones`);
      continue;
    }
    outageBegan ??= performance.now();
    if (left() <= 0) throw new FatalError(messageOf(reason), { cause: reason });
    log.warn(`${messageOf(reason)}; connecting again`);
    if (performance.now() - began > LONG_ENOUGH) backoff.reset();
    const isBroken = reason instanceof TransientError && isInternalError(reason.cause);
    await (isBroken ? longBackoff : backoff).pause(signal, left(), onPause);
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
