import type { Status } from './status.ts';

/** Set by the bundler. */
declare const VERSION: string;

/** How long to wait between an answer and the next question, in milliseconds. */
const INTERVAL = 2_000;
/** How long an answer may take, in milliseconds. */
const TIMEOUT = 10_000;

/** Who is told of each answer, and of each question without one. */
export interface Listener {
  told(status: Status): void;
  /** @param why there is nothing new to be seen, as a sentence without its full stop. */
  lost(why: string): void;
}

/** Asks the consumer for its status again and again, as long as somebody sees the page and has not paused it. */
export class Poll {
  readonly #listener: Listener;
  #isPaused = false;
  #isAsking = false;
  #timer: number | undefined;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  start(): void {
    document.addEventListener('visibilitychange', () => this.#goOn());
    this.#goOn();
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    this.#goOn();
  }

  #goOn(): void {
    clearTimeout(this.#timer);
    if (!this.#isPaused && !document.hidden && !this.#isAsking) void this.#ask();
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    const answer = await asked();
    this.#isAsking = false;
    if (typeof answer === 'string') this.#listener.lost(`The consumer does not answer: ${answer}`);
    else this.#tell(answer);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#goOn(), INTERVAL);
  }

  /** What can't be shown may be over with the next answer. */
  #tell(status: Status): void {
    try {
      this.#listener.told(status);
    } catch (error) {
      this.#listener.lost(`This page can't show what the consumer answers (${String(error)})`);
    }
  }
}

/** The status, or why there is none. */
async function asked(): Promise<Status | string> {
  try {
    const response = await fetch('status.json', { signal: AbortSignal.timeout(TIMEOUT) });
    if (!response.ok) return `it answers with ${response.status}`;
    const status: unknown = await response.json();
    return isStatus(status) ? status : 'it is of another version now: load this page again';
  } catch {
    return 'it has stopped, or the way to it is cut';
  }
}

/** Page and status of one version are made together, so that the version tells all. */
function isStatus(value: unknown): value is Status {
  return (
    typeof value === 'object' && value !== null && 'version' in value && value.version === VERSION
  );
}
