import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** The folder of the built programs. */
export const BIN = fileURLToPath(new URL('../bin/', import.meta.url));
/** The folder of the CSV files that come with the producer. */
export const DATA = fileURLToPath(new URL('../producer/data/', import.meta.url));

/** A built program that runs, or has run. */
export class Run {
  /** Standard output so far. */
  stdout = '';
  /** Standard error so far. */
  stderr = '';
  /** The exit status; 128 and the signal's number when a signal ended it. */
  readonly exit: Promise<number>;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.exit = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status, signal) =>
        resolve(status ?? (signal === 'SIGKILL' ? 137 : 128)),
      );
    });
  }

  /** Its standard input, where that is a pipe. */
  get stdin(): Writable {
    if (!this.#child.stdin) throw new Error('standard input is not a pipe');
    return this.#child.stdin;
  }

  get output(): string {
    return this.stdout + this.stderr;
  }

  /** Waits for its end. @throws Error with what it printed, when its status is not 0. */
  async succeeds(): Promise<void> {
    const status = await this.exit;
    if (status !== 0) throw new Error(`it ended with status ${status}:\n${this.output}`);
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the program did not start');
    return this.#child.pid;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Reads standard output slowly from now on: some 64 KiB, and nothing for 20 ms. */
  readSlowly(): void {
    const { stdout } = this.#child;
    stdout?.on('data', () => {
      stdout.pause();
      setTimeout(() => stdout.resume(), 20);
    });
  }

  /** The lines of the log so far. */
  get log(): Record<string, unknown>[] {
    const complete = this.stdout.slice(0, this.stdout.lastIndexOf('\n') + 1);
    return complete
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** The line of the log whose message matches, as soon as there is one. */
  async logged(message: RegExp, seconds = 30): Promise<Record<string, unknown>> {
    const deadline = AbortSignal.timeout(seconds * 1000);
    for (;;) {
      const line = this.log.find(({ msg }) => message.test(String(msg)));
      if (line) return line;
      if (deadline.aborted || this.#child.exitCode !== null) {
        throw new Error(`no log line ${message.source} in:\n${this.output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

export interface StartOptions {
  cwd?: string;
  /** A pipe, a file descriptor, or nothing at all. */
  stdin?: 'ignore' | 'pipe' | number;
  /** A pipe, or a file descriptor. */
  stdout?: 'pipe' | number;
}

/** Starts a built program without a terminal, and with no `FC_*` variable but those of `env`. */
export function start(
  program: 'producer' | 'consumer',
  args: string[] = [],
  env: Record<string, string | undefined> = {},
  { cwd, stdin = 'ignore', stdout = 'pipe' }: StartOptions = {},
): Run {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('FC_'));
  return new Run(
    spawn(BIN + program, args, {
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: [stdin, stdout, 'pipe'],
      ...(cwd !== undefined && { cwd }),
    }),
  );
}
