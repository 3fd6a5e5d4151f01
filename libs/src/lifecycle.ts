import { setMaxListeners } from 'node:events';
import { constants } from 'node:os';
import { LONGEST_DELAY } from './deadline.ts';
import { FatalError } from './errors.ts';
import { EXIT, exit, fail } from './exit.ts';
import type { Logger } from './logger.ts';

/** SIGHUP comes when a terminal is closed. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs a program to its exit status, and ends the process with it.
 *
 * The signal handed to `program` is aborted by the first SIGINT, SIGTERM or SIGHUP, with the name
 * of that signal as its reason; a second one ends the process at once, with status 1. A
 * `FatalError` is one line on standard error and status 1; anything else that is thrown or left
 * unhandled is a defect: its stack, and status 2.
 */
export async function runMain(program: (signal: AbortSignal) => Promise<number>): Promise<never> {
  const stop = new AbortController();
  // every worker listens
  setMaxListeners(0, stop.signal);
  for (const name of STOP_SIGNALS) {
    process.on(name, () => {
      // a terminal that is closed may send it twice
      if (stop.signal.aborted && name === 'SIGHUP') return;
      if (stop.signal.aborted) fail(new FatalError(`stopped at once by a second ${name}`));
      stop.abort(name);
    });
  }
  // whoever read them is gone; what is said matters no more
  process.stderr.on('error', () => {});
  // Node would end with status 0, as if all were done
  process.on('beforeExit', () =>
    fail(new Error('nothing is left to wait for, and not all is done')),
  );
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  try {
    return exit(await program(stop.signal));
  } catch (error) {
    return fail(error);
  }
}

/**
 * Once the signal is aborted, says so, and gives the program so many milliseconds to end by itself;
 * then it ends with status 1, whatever it waits for. The broker takes back what was not
 * acknowledged.
 */
export function limitDrain(signal: AbortSignal, milliseconds: number, log: Logger): void {
  signal.addEventListener('abort', () => {
    log.info(`${signal.reason}: finishing the work in hand; a second signal stops at once`);
    const tooLate = (): void => {
      const seconds = milliseconds / 1000;
      fail(new FatalError(`still not done ${seconds} s after the signal: given up`));
    };
    setTimeout(tooLate, Math.min(milliseconds, LONGEST_DELAY)).unref();
  });
}

/**
 * The status of a process that has finished, or that the aborted signal stopped before: 129, 130 or
 * 143.
 */
export function exitStatus(signal: AbortSignal): number {
  const name: unknown = signal.reason;
  const stoppedBy = STOP_SIGNALS.find((stopSignal) => stopSignal === name);
  return stoppedBy ? 128 + constants.signals[stoppedBy] : EXIT.done;
}
