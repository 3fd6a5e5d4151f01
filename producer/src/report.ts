import { type Outage, outageInWords } from '@csv2db/libs/outage.ts';
import type { Report } from '@csv2db/libs/progress.ts';
import type { QueueState } from '@csv2db/libs/queue/state.ts';
import { Rate } from '@csv2db/libs/rate.ts';
import type { Progress } from './progress.ts';
import { progressLine } from './progress-line.ts';
import type { Inputs } from './source/inputs.ts';

const PUBLISHING = 'publishing';

/** Tells how far an import is. */
export class ImportReport implements Report {
  readonly #progress: Progress;
  readonly #inputs: Inputs;
  readonly #wanted: number;
  readonly #queue: QueueState;
  readonly #rows = new Rate();
  /** From where in the files it begins, which is known with the first row. */
  #shares: Rate | undefined;

  /** @param wanted the most rows that there can be. */
  constructor(progress: Progress, inputs: Inputs, wanted: number, queue: QueueState) {
    this.#progress = progress;
    this.#inputs = inputs;
    this.#wanted = wanted;
    this.#queue = queue;
  }

  line(width: number): string {
    const { read, unconfirmed, rejects } = this.#progress;
    const [share, rowsPerSecond] = [this.#share, this.#rows.note(read)];
    const state = this.#state(rowsPerSecond);
    // while nothing is taken it would only grow
    const isLeft = share !== undefined && read > 0 && state === PUBLISHING;
    return progressLine(
      {
        share,
        read,
        rowsPerSecond,
        rejected: rejects.count,
        unconfirmed,
        secondsLeft: isLeft ? this.#secondsLeft(share) : undefined,
        state,
      },
      width,
    );
  }

  say(): void {
    const state = this.#state(this.#rows.note(this.#progress.read));
    this.#progress.say(typeof state === 'string' ? state : outageInWords('RabbitMQ', state));
  }

  /** How much is read, from 0 to 1, of the files or of the rows, whichever ends first. */
  get #share(): number | undefined {
    const { share } = this.#inputs;
    if (this.#wanted === Infinity) return share;
    return Math.max(share ?? 0, this.#progress.read / Math.max(1, this.#wanted));
  }

  #secondsLeft(share: number): number | undefined {
    this.#shares ??= new Rate(share);
    const perSecond = this.#shares.note(share);
    return perSecond > 0 ? (1 - share) / perSecond : undefined;
  }

  /** What goes on, or what it waits for. */
  #state(rowsPerSecond: number): string | Outage {
    const hindrance = this.#queue.alarm() ?? this.#queue.outage();
    if (hindrance !== undefined) return hindrance;
    if (this.#progress.isAllRead) return 'waiting for confirms';
    if (this.#queue.isConnecting) return 'connecting to RabbitMQ';
    const isIdle = rowsPerSecond === 0 && this.#progress.unconfirmed === 0;
    return isIdle ? 'waiting for input' : PUBLISHING;
  }
}
