import type { QueueConfig } from '@csv2db/libs/queue/address.ts';
import type { DeliveryLimit } from '@csv2db/libs/queue/inspect.ts';
import { liftLimit } from '@csv2db/libs/queue/policy.ts';
import { exportCsv } from './export.ts';
import { DeadQueue } from './queue.ts';
import { list, show } from './read.ts';
import type { Reference } from './reference.ts';
import { purge, replay } from './replay.ts';

/** What to do with the dead letters; `force` looks at those too that RabbitMQ may delete for it. */
export type DeadTask =
  | { kind: 'list'; json: boolean; force: boolean }
  | { kind: 'show'; wanted: Reference; force: boolean }
  | { kind: 'export'; columns: readonly string[]; force: boolean }
  | { kind: 'replay'; reason: string | undefined; force: boolean }
  | { kind: 'purge' };

/**
 * Works on the dead-letter queue. What is only looked at stays where it is.
 *
 * @param print takes a line of the result.
 * @param warn takes a line that is none.
 * @param signal ends the work early; what was done is done.
 * @throws FatalError when the broker can't be reached, or there is no such queue or letter.
 */
export async function onDeadLetters(
  task: DeadTask,
  config: QueueConfig,
  print: (line: string) => Promise<void>,
  warn: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const dead = await DeadQueue.open(config);
  try {
    if (task.kind === 'purge') {
      await purge(dead, print);
      return;
    }
    const isLook = task.kind !== 'replay' || task.reason !== undefined;
    if (isLook && dead.limit.times < Infinity) warn(limitWarning(dead.limit, config));
    const letters = dead.letters(task.force || !isLook, signal);
    switch (task.kind) {
      case 'list':
        await list(dead, letters, task.json, print, signal);
        break;
      case 'show':
        await show(dead, letters, task.wanted, print, signal);
        break;
      case 'export':
        await exportCsv(letters, task.columns, print, warn);
        break;
      case 'replay':
        await replay(dead, letters, config.name, task.reason, print);
    }
  } finally {
    await dead.close();
  }
}

function limitWarning(limit: DeliveryLimit, { deadName, addresses }: QueueConfig): string {
  const what = `RabbitMQ deletes letters of "${deadName}" that are looked at more than ${limit.times} times`;
  if (limit.isDeclared) {
    return `${what} (x-delivery-limit): name another queue with --dead-queue, and delete this one once it is empty`;
  }
  return `${what}, unless a policy lifts that: ${liftLimit(deadName, addresses[0]?.vhost ?? '/')}`;
}
