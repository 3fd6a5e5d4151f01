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
  /** Why the last attempt failed, or the last session was lost; undefined when neither did. */
  #problem: Error | undefined;
  /** Idle is when nobody asks for a session. */
  #phase: 'idle' | 'connecting' | 'connected' = 'idle';
  /** When the next attempt begins, in milliseconds of `performance.now()`. */
  #nextAt = 0;

  /** There is to be a session. */
  connecting(): void {
    this.#phase = 'connecting';
  }

  /** The next attempt to have one is so many milliseconds away. */
  pausing(milliseconds: number): void {
    this.#phase = 'connecting';
    this.#nextAt = performance.now() + milliseconds;
  }

  /** An attempt has failed. */
  out(error: Error): void {
    this.#problem = error;
  }

  /** There is a session. */
  connected(session: QueueSession): void {
    this.sessions += 1;
    this.#session = session;
    this.#phase = 'connected';
    this.#problem = undefined;
    const onLost = (): void => {
      const reason: unknown = session.lost.reason;
      this.#phase = 'idle';
      if (reason instanceof GivenBackError) return;
      this.#problem = reason instanceof Error ? reason : new TransientError(messageOf(reason));
    };
    session.lost.addEventListener('abort', onLost, { once: true });
  }

  /** The session has done its work, and there is to be none any more. */
  ended(): void {
    this.#phase = 'idle';
  }

  /** The last session that there was. */
  get session(): QueueSession | undefined {
    return this.#session;
  }

  /** Whether there is a session. */
  get isConnected(): boolean {
    return this.#phase === 'connected';
  }

  /** Whether there is none, and nobody asks for one. */
  get isIdle(): boolean {
    return this.#phase === 'idle';
  }

  /** Whether there is none yet, and one is asked for. */
  get isConnecting(): boolean {
    return this.#phase === 'connecting';
  }

  /** Why there is no session; undefined when there is one, or it was given back. */
  problem(): string | undefined {
    return this.sessions === 0 && !this.#problem ? 'not connected yet' : this.#problem?.message;
  }

  /** What alarm of the broker holds back publishers, in a few words; undefined when none does. */
  alarm(): string | undefined {
    const reason = this.#session?.blockedBy();
    return reason === undefined ? undefined : `blocked: ${printable(reason)}`;
  }

  /** Why the last attempt failed, or the session was lost, and what is done about it; undefined when neither did. */
  outage(): Outage | undefined {
    if (!this.#problem) return undefined;
    const seconds = Math.ceil((this.#nextAt - performance.now()) / 1000);
    const next = seconds > 0 ? `next try in ${seconds} s` : 'connecting';
    return { reason: shortReason(this.#problem), next: this.isIdle ? undefined : next };
  }
}

/** A broker that is shut down needs many words for that. */
function shortReason(problem: Error): string {
  const forced = /^broker forced connection closure with reason '(.+)'$/;
  return wordsOf(briefly(problem)).replace(forced, '$1');
}
