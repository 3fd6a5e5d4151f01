import { codeOf, messageOf, TransientError } from '@csv2db/libs/errors.ts';
import { publishConfirmed } from '@csv2db/libs/queue/confirm.ts';
import type { QueueSession } from '@csv2db/libs/queue/session.ts';
import type { Delivery, Refusal } from '../batch.ts';
import { type Buried, type Letter, toBareLetter, toLetters } from './letter.ts';

/** Letters that are made, and on their way, at a time: a message may hold 100,000 bad rows. */
const AT_ONCE = 1_000;
/**
 * The broker's answers to a message that it will not take, however often: AMQP's
 * PRECONDITION_FAILED, and FRAME_ERROR where the headers are larger than a frame.
 */
const UNACCEPTABLE: ReadonlySet<string | undefined> = new Set(['406', '501']);

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
  buried: Buried,
): Promise<Map<Delivery, string>> {
  await session.registered;
  try {
    return await buryAll(session, deadQueue, toLetters(refusals, buried), buried);
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
  buried: Buried,
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
 * Publishes letters, aside: what the broker does not accept costs the channel or the connection.
 *
 * @returns those that can't be published as they are.
 * @throws Error when others were not taken.
 */
async function publish(
  session: QueueSession,
  deadQueue: string,
  letters: readonly Letter[],
  buried: Buried,
): Promise<Unpublishable[]> {
  const { results, problem } = await session.aside.use(async (channel, lost) => {
    const sent = letters.map((letter) => publishConfirmed(channel, deadQueue, [letter], lost));
    const results = await Promise.allSettled(sent);
    const problem: unknown = lost.reason;
    return { results, problem };
  });
  session.lost.throwIfAborted();
  for (const [index, { key }] of letters.entries()) {
    const result = results[index];
    if (result?.status === 'fulfilled' && result.value.length === 0) buried.add(key);
  }
  if (problem !== undefined && !UNACCEPTABLE.has(codeOf(problem))) {
    throw new Error(messageOf(problem));
  }
  return letters.flatMap((letter, index) => {
    const result = results[index];
    if (result?.status === 'rejected') return { letter, why: messageOf(result.reason) };
    if (!result || result.value.length === 0) return [];
    if (problem === undefined) throw new Error('it is full, or out of order');
    return { letter, why: messageOf(problem) };
  });
}
