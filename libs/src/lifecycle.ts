import { setMaxListeners } from 'node:events';
import { constants } from 'node:os';
import { FatalError } from './errors.ts';
import type { Logger } from './logger.ts';

/** The statuses a process ends with. */
export const EXIT = { done: 0, failed: 1, defect: 2 } as const;

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs a program to its exit status, and ends the process with it.
 *
 * The signal handed to `program` is aborted by the first SIGINT or SIGTERM, with the name of that
 * signal as its reason; a second one ends the process at once, with status 1. A `FatalError` is one
 * line on standard error and status 1; anything else that is thrown or left unhandled is a defect:
 * its stack, and status 2.
 */
export async function runMain(program: (signal: AbortSignal) => Promise<number>): Promise<never> {
  const stop = new AbortController();
  // every worker listens
  setMaxListeners(0, stop.signal);
  for (const name of STOP_SIGNALS) {
    process.on(name, () => {
      if (stop.signal.aborted) fail(new FatalError(`stopped at once by a second ${name}`));
      stop.abort(name);
    });
  }
  // Node would end with status 0, as if all were done
  process.on('beforeExit', () =>
    fail(new Error('nothing is left to wait for, and not all is done')),
  );
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  try {
    return process.exit(await program(stop.signal));
  } catch (error) {
    return fail(error);
  }
}

/**
 * Once the signal is aborted, says so, and gives the program so many milliseconds to end by itself; then
 * it ends with status 1, whatever it waits for. The broker takes back what was not acknowledged.
 */
export function limitDrain(signal: AbortSignal, milliseconds: number, log: Logger): void {
  signal.addEventListener('abort', () => {
    log.info(`${signal.reason}: finishing the work in hand; a second signal stops at once`);
    setTimeout(() => {
      fail(new FatalError(`still not done ${milliseconds / 1000} s after the signal: given up`));
    }, milliseconds).unref();
  });
}

function fail(error: unknown): never {
  if (error instanceof FatalError) {
    process.stderr.write(`error: ${error.message}\n`);
    process.exit(EXIT.failed);
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(EXIT.defect);
}

/** The status of a process that has finished, or that the aborted signal stopped before: 130 or 143. */
export function exitStatus(signal: AbortSignal): number {
  const name: unknown = signal.reason;
  const stoppedBy = STOP_SIGNALS.find((stopSignal) => stopSignal === name);
  return stoppedBy ? 128 + constants.signals[stoppedBy] : EXIT.done;
}
