import { FatalError } from '@csv2db/libs/errors.ts';
import type { GetMessage } from 'amqplib';
import { reasonOf, toMessage } from './letter.ts';
import type { DeadQueue } from './queue.ts';

/** Messages that are on their way at a time. */
const AT_ONCE = 25;

/**
 * Moves letters back into the queue that they came from.
 *
 * @param wanted only those whose reason has this in it; undefined for all.
 * @throws FatalError when some could not be moved; they stay.
 */
export async function replay(
  dead: DeadQueue,
  letters: AsyncIterable<GetMessage>,
  queue: string,
  wanted: string | undefined,
  print: (line: string) => Promise<void>,
): Promise<void> {
  await dead.ripen(queue);
  let tried = 0;
  const left: string[] = [];
  let batch: GetMessage[] = [];
  const move = async (): Promise<void> => {
    const messages = batch.map((letter) => ({ letter, ...toMessage(letter) }));
    tried += batch.length;
    batch = [];
    left.push(...(await dead.move(messages, queue)).values());
  };
  for await (const letter of letters) {
    if (wanted !== undefined && !reasonOf(letter).includes(wanted)) continue;
    batch.push(letter);
    if (batch.length === AT_ONCE) await move();
  }
  await move();
  await print(`${tried - left.length} of ${dead.count} dead letters moved back to "${queue}"`);
  if (left.length > 0) {
    throw new FatalError(`${left.length} dead letters stay in "${dead.name}": ${left[0]}`);
  }
}

/** Deletes every letter. */
export async function purge(
  dead: DeadQueue,
  print: (line: string) => Promise<void>,
): Promise<void> {
  await print(`${await dead.purge()} dead letters deleted`);
}
