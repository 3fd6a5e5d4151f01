import { briefly } from '@csv2db/libs/errors.ts';
import { Glance } from '@csv2db/libs/glance.ts';
import { type Outage, outageInWords } from '@csv2db/libs/outage.ts';
import type { Report } from '@csv2db/libs/progress.ts';
import type { QueueState } from '@csv2db/libs/queue/state.ts';
import { Rate } from '@csv2db/libs/rate.ts';
import type { Database } from './database/connect.ts';
import type { Progress } from './progress.ts';
import { progressLine, type ServerState } from './progress-line.ts';
import type { Outages } from './store/outages.ts';

/** Tells how it stands with the work, and with the servers that it needs. */
export class WorkReport implements Report {
  readonly #progress: Progress;
  readonly #queue: QueueState;
  readonly #rows = new Rate();
  readonly #depth: Glance<number | undefined>;
  readonly #outages: Outages;
  readonly #database: Glance<{ problem: Error | undefined }>;

  constructor(
    progress: Progress,
    queue: QueueState,
    database: Pick<Database, 'ping'>,
    outages: Outages,
  ) {
    this.#progress = progress;
    this.#queue = queue;
    this.#outages = outages;
    this.#depth = new Glance(async () => await queue.session?.depth());
    this.#database = new Glance(async () => ({ problem: await outages.problemNow(database) }));
  }

  line(width: number): string {
    const { settled, dead, lag } = this.#progress;
    const rowsPerSecond = this.#rows.note(settled);
    const database = this.#database.seen;
    return progressLine(
      {
        rowsPerSecond,
        queued: this.#queue.isConnected ? this.#depth.seen : undefined,
        lag: rowsPerSecond > 0 ? lag : undefined,
        dead,
        queue: this.#queueState(),
        database: database && (outageOf(database.problem) ?? 'up'),
      },
      width,
    );
  }

  say(): void {
    const queue = this.#waitsForDatabase ? undefined : this.#queue.outage();
    // what was told of; nobody asks the database anew for that
    const database = outageOf(this.#outages.problem);
    const waits = [
      queue && outageInWords('RabbitMQ', queue),
      database && outageInWords('PostgreSQL', database),
    ];
    this.#progress.say(waits.filter(Boolean).join('; ') || undefined);
  }

  #queueState(): ServerState | undefined {
    if (this.#queue.isConnected) return 'up';
    return this.#waitsForDatabase ? 'waits for PostgreSQL' : this.#queue.outage();
  }

  /** Whether nobody asks for a session before what is in hand can be stored. */
  get #waitsForDatabase(): boolean {
    const { isIdle, sessions } = this.#queue;
    return isIdle && sessions > 0 && this.#outages.problem !== undefined;
  }
}

function outageOf(problem: Error | undefined): Outage | undefined {
  return problem && { reason: briefly(problem) };
}
