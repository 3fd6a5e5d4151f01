import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { FatalError } from './errors.ts';

/** The statuses a process ends with. */
export const EXIT = { done: 0, failed: 1, defect: 2, rejected: 3, timedOut: 3 } as const;

/** The numbers of standard input, output and error, where they are terminals at first. */
const TERMINALS = [0, 1, 2].filter((fd) => isatty(fd));

/** What puts things in order before the process says its last word, whatever ends it. */
const cleanUps: (() => void)[] = [];

/** Has something put in order when the process ends by `fail` or `exit`. */
export function beforeEnd(cleanUp: () => void): void {
  cleanUps.push(cleanUp);
}

/** Ends the process: with one line for a `FatalError`, with the stack of anything else. */
export function fail(error: unknown): never {
  cleanUp();
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
export function exit(status: number): never {
  cleanUp();
  const isInThread = (resource: string): boolean => /^(FSReq|GetAddrInfo)/.test(resource);
  if (process.getActiveResourcesInfo().some(isInThread)) {
    const kill = 'sleep 1; kill -KILL "$0" 2>/dev/null';
    const killer = spawn('/bin/sh', ['-c', kill, String(process.pid)], { stdio: 'ignore' });
    // without a shell, it has to wait
    killer.on('error', () => {});
  }
  leaveClosedTerminals();
  process.exit(status);
}

/** Node.js 20 aborts where it can't restore one that was closed; what is not open, it leaves alone. */
function leaveClosedTerminals(): void {
  for (const fd of TERMINALS) if (!isatty(fd)) closeSync(fd);
}

function cleanUp(): void {
  for (const each of cleanUps.splice(0)) each();
}
