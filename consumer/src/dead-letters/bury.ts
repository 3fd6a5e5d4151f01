import { setMaxListeners } from 'node:events';
import { within } from '@csv2db/libs/deadline.ts';
import { codeOf, messageOf, TransientError } from '@csv2db/libs/errors.ts';
import { publishConfirmed } from '@csv2db/libs/queue/confirm.ts';
import type { QueueSession } from '@csv2db/libs/queue/session.ts';
import type { Delivery, Refusal } from '../batch.ts';
import { type Letter, toBareLetter, toLetters } from './letter.ts';

/** How long the broker may be silent about dead letters, in milliseconds, alarms apart. */
const CONFIRM_TIMEOUT = 30_000;
/** Letters that are made, and on their way, at a time: a message may hold 100,000 bad rows. */
const AT_ONCE = 1_000;
/**
 * The broker's answer to a message that it will not take, however often: AMQP's
 * PRECONDITION_FAILED.
 */
const UNACCEPTABLE = '406';

/** A letter that can't be published as it is, and why. */
interface Unpublishable {
  letter: Letter;
  why: string;
}

/**
 * Puts refused messages into the dead-letter queue; what is there when this resolves is on the
 * broker's disk. A letter that is not taken as it is, is sent without the headers and properties of
 * its message.
 *
 * @param buried those that are there already; what is there from now on is added.
 * @returns the deliveries that are not taken even so, and why.
 * @throws TransientError when the broker takes none now: it is away, or the queue is gone or full.
 */
export async function bury(
  session: QueueSession,
  deadQueue: string,
  refusals: readonly Refusal[],
  buried: Set<Refusal>,
): Promise<Map<Delivery, string>> {
  await session.registered;
  try {
    const left = refusals.filter((refusal) => !buried.has(refusal));
    return await buryAll(session, deadQueue, toLetters(left), buried);
  } catch (error) {
    if (error instanceof TransientError) throw error;
    throw new TransientError(
      `RabbitMQ did not take a dead letter for "${deadQueue}": ${messageOf(error)}`,
      { cause: error },
    );
  }
}

async function buryAll(
  session: QueueSession,
  deadQueue: string,
  letters: Iterable<Letter>,
  buried: Set<Refusal>,
): Promise<Map<Delivery, string>> {
  const unburied = new Map<Delivery, string>();
  for (const some of inGroups(letters)) {
    // the broker does not say which of them it did not accept
    for (const { letter } of await publish(session, deadQueue, some, buried)) {
      const [still] = await publish(session, deadQueue, [letter], buried);
      if (!still) continue;
      const bare = toBareLetter(letter, still.why);
      const [even] = await publish(session, deadQueue, [bare], buried);
      if (even) unburied.set(letter.refusal.delivery, even.why);
    }
  }
  return unburied;
}

function* inGroups<T>(items: Iterable<T>): Generator<T[], void> {
  let group: T[] = [];
  for (const item of items) {
    group.push(item);
    if (group.length < AT_ONCE) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/**
 * Publishes letters on a channel of their own: the broker closes the channel of what it does not
 * accept, and takes back what it had delivered there.
 *
 * @returns those that can't be published as they are.
 * @throws Error when others were not taken.
 */
async function publish(
  session: QueueSession,
  deadQueue: string,
  letters: readonly Letter[],
  buried: Set<Refusal>,
): Promise<Unpublishable[]> {
  const channel = await answered(session, session.openChannel());
  const closing = new AbortController();
  channel.on('error', (error) => closing.abort(error));
  channel.on('return', () => {
    closing.abort(new Error('the queue is gone'));
    // the next session declares it
    session.fail(`the dead-letter queue "${deadQueue}" is gone`);
  });
  const over = AbortSignal.any([session.lost, closing.signal]);
  // each letter listens
  setMaxListeners(0, over);
  const sent = letters.map((letter) => publishConfirmed(channel, deadQueue, [letter], over));
  const results = await answered(session, Promise.allSettled(sent));
  session.lost.throwIfAborted();
  for (const [index, { refusal }] of letters.entries()) {
    const result = results[index];
    if (result?.status === 'fulfilled' && result.value.length === 0) buried.add(refusal);
  }
  const problem: unknown = closing.signal.reason;
  if (problem === undefined) void channel.close().catch(() => {});
  else if (codeOf(problem) !== UNACCEPTABLE) throw new Error(messageOf(problem));
  return letters.flatMap((letter, index) => {
    const result = results[index];
    if (result?.status === 'rejected') return { letter, why: messageOf(result.reason) };
    if (!result || result.value.length === 0) return [];
    if (problem === undefined) throw new Error('it is full, or out of order');
    return { letter, why: messageOf(problem) };
  });
}

/** Waits for the broker, for as long as an alarm keeps it from reading what was sent. */
async function answered<T>(session: QueueSession, answer: Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await within(CONFIRM_TIMEOUT, answer);
    } catch (error) {
      if (!session.isBlocked()) throw error;
    }
  }
}
