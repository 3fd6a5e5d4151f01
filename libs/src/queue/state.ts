import { briefly, messageOf, TransientError } from '../errors.ts';
import type { Outage } from '../outage.ts';
import { printable } from '../visible.ts';
import { GivenBackError } from './losses.ts';
import { wordsOf } from './refusal.ts';
import type { QueueSession } from './session.ts';

/** How it stands with the broker, as far as its sessions tell. */
export class QueueState {
  /** How many sessions there were. */
  sessions = 0;
  #session: QueueSession | undefined;
  /** Why there is no session; undefined when there is one, or it was given back. */
  #problem: Error | undefined = new TransientError('not connected yet');
  #isWanted = false;
  /** When the next attempt begins, in milliseconds of `performance.now()`. */
  #nextAt = 0;

  /** From now on there is to be a session. */
  wanted(): void {
    this.#isWanted = true;
  }

  /** There is to be none any more. */
  unwanted(): void {
    this.#isWanted = false;
  }

  /** There is a session. */
  connected(session: QueueSession): void {
    this.sessions += 1;
    this.#session = session;
    this.#problem = undefined;
    const onLost = (): void => {
      const reason: unknown = session.lost.reason;
      if (reason instanceof GivenBackError) return;
      this.#problem = reason instanceof Error ? reason : new TransientError(messageOf(reason));
    };
    session.lost.addEventListener('abort', onLost, { once: true });
  }

  /** There is none, for the time being. */
  out(error: Error): void {
    this.#problem = error;
  }

  /** The next attempt to have one is so many milliseconds away. */
  pausing(milliseconds: number): void {
    this.#nextAt = performance.now() + milliseconds;
  }

  /** The last session that there was. */
  get session(): QueueSession | undefined {
    return this.#session;
  }

  /** Why there is no session; undefined when there is one, or it was given back. */
  problem(): string | undefined {
    return this.#problem?.message;
  }

  /** Whether there is no session because it was given back; the next one is wanted later. */
  isGivenBack(): boolean {
    return this.#problem === undefined && this.#session?.lost.aborted === true;
  }

  /** What alarm of the broker holds back publishers, in a few words; undefined when none does. */
  alarm(): string | undefined {
    const reason = this.#session?.blockedBy();
    return reason === undefined ? undefined : `blocked: ${printable(reason)}`;
  }

  /** Why there is no session, while one is wanted; undefined when there is one. */
  outage(): Outage | undefined {
    if (this.#problem === undefined || !this.#isWanted) return undefined;
    const seconds = Math.ceil((this.#nextAt - performance.now()) / 1000);
    const next = seconds > 0 ? `next try in ${seconds} s` : 'connecting';
    return { reason: wordsOf(briefly(this.#problem)), next };
  }
}
