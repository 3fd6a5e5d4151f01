import { spawn } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { constants } from 'node:os';
import { LONGEST_DELAY } from './deadline.ts';
import { FatalError } from './errors.ts';
import type { Logger } from './logger.ts';

/** The statuses a process ends with. */
export const EXIT = { done: 0, failed: 1, defect: 2 } as const;

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

/** Ends the process: with one line for a `FatalError`, with the stack of anything else. */
export function fail(error: unknown): never {
  if (error instanceof FatalError) {
    process.stderr.write(`error: ${error.message}\n`);
    exit(EXIT.failed);
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  exit(EXIT.defect);
}

/**
 * Ends the process, also where a thread is in a system call that never returns: Node.js would wait
 * for it.
 */
function exit(status: number): never {
  const isInThread = (resource: string): boolean => /^(FSReq|GetAddrInfo)/.test(resource);
  if (process.getActiveResourcesInfo().some(isInThread)) {
    const kill = 'sleep 1; kill -KILL "$0" 2>/dev/null';
    const killer = spawn('/bin/sh', ['-c', kill, String(process.pid)], { stdio: 'ignore' });
    // without a shell, it has to wait
    killer.on('error', () => {});
  }
  process.exit(status);
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
