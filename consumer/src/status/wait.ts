import type { TransientError } from '@csv2db/libs/errors.ts';
import { EXIT } from '@csv2db/libs/exit.ts';
import { retry } from '@csv2db/libs/retry.ts';
import { LONGEST_SILENCE } from './import.ts';
import type { Look } from './look.ts';
import { sleep, unlessStopped } from './stopped.ts';

/** Milliseconds between two looks. */
const INTERVAL = 1_000;

/** How a wait has ended: the status to end with, and what was seen last. */
export interface Ending {
  status: number;
  last: Look | undefined;
}

/**
 * Waits until every row of an import is accounted for. An outage of either server is waited out.
 *
 * @param lookAtIt looks at this import alone. It is told the id that was seen, since others may have begun by then.
 * @param signal ends the wait, with `EXIT.timedOut`.
 * @returns `EXIT.done` when none is dead or missing; `EXIT.failed` when one is, or the import is
 * not known: where nothing has happened for 30 s, and nothing waits in the queue.
 * @throws FatalError when a person has to mend something.
 */
export async function wait(
  lookAtIt: (id: string | undefined) => Promise<Look>,
  signal: AbortSignal,
  onOutage: (error: TransientError) => void,
): Promise<Ending> {
  const began = performance.now();
  let last: Look | undefined;
  while (!signal.aborted) {
    const id = last?.imports[0]?.import;
    const looking = retry(() => lookAtIt(id), { signal, onOutage });
    const seen = await unlessStopped(signal, looking);
    if (!seen) break;
    last = seen;
    const status = statusOf(seen, (performance.now() - began) / 1000);
    if (status !== undefined) return { status, last };
    await sleep(INTERVAL, signal);
  }
  return { status: EXIT.timedOut, last };
}

/** @returns undefined while it has to be waited for. */
function statusOf({ imports, depths }: Look, waited: number): number | undefined {
  const [one] = imports;
  if (one?.state === 'complete') return one.dead > 0 ? EXIT.failed : EXIT.done;
  // what waits may be of an import that is not known yet; where that can't be seen, something may wait
  if (one?.state === 'running' || depths.queue || depths.problem !== undefined) return undefined;
  return waited < LONGEST_SILENCE ? undefined : EXIT.failed;
}
