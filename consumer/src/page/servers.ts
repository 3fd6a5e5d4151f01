import type { QueueState } from '@csv2db/libs/queue/state.ts';
import type { Server } from '../../page/status.ts';
import { oneLine } from './one-line.ts';

/**
 * What the consumer does with RabbitMQ. Without PostgreSQL that is to wait, connected or, in a long outage, not.
 *
 * @param isStoring whether batches can be stored, as far as is known.
 */
export function queueServer(queue: QueueState, isStoring: boolean): Server {
  if (!queue.isConnected) {
    const [outage, problem] = [queue.outage(), queue.problem()];
    const isAsked = !queue.isIdle || (isStoring && queue.sessions > 0);
    if (!isAsked) return { state: 'waits', words: 'waits for PostgreSQL' };
    if (!outage || problem === undefined) return { state: 'waits', words: 'connecting' };
    const what = outage.next === undefined ? 'down' : `down, ${outage.next}`;
    return { state: 'down', words: `${what}: ${oneLine(problem)}` };
  }
  if (!isStoring) return { state: 'waits', words: 'up, deliveries wait for PostgreSQL' };
  const alarm = queue.alarm();
  return alarm === undefined ? UP : { state: 'waits', words: `up, but ${alarm}` };
}

/** @param problem why it can't be worked with; undefined where it can. */
export function databaseServer(problem: string | undefined): Server {
  return problem === undefined ? UP : { state: 'down', words: `down: ${oneLine(problem)}` };
}

const UP: Server = { state: 'up', words: 'up' };
