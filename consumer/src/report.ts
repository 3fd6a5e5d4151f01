import { Glance } from '@csv2db/libs/glance.ts';
import type { Report } from '@csv2db/libs/progress.ts';
import type { QueueState } from '@csv2db/libs/queue/state.ts';
import { Rate } from '@csv2db/libs/rate.ts';
import { printable } from '@csv2db/libs/visible.ts';
import type { Progress } from './progress.ts';
import { progressLine, type ServerState } from './progress-line.ts';

/** Tells how it stands with the work, and with the servers that it needs. */
export class WorkReport implements Report {
  readonly #progress: Progress;
  readonly #queue: QueueState;
  readonly #rows = new Rate();
  readonly #depth: Glance<number | undefined>;
  readonly #database: Glance<{ problem: string | undefined }>;

  /** @param databaseProblem why the database can't be worked with; undefined when it can. */
  constructor(
    progress: Progress,
    queue: QueueState,
    databaseProblem: () => Promise<string | undefined>,
  ) {
    this.#progress = progress;
    this.#queue = queue;
    this.#depth = new Glance(async () => await queue.session?.depth());
    this.#database = new Glance(async () => ({ problem: await databaseProblem() }));
  }

  line(width: number): string {
    const { settled, dead, lag } = this.#progress;
    const rowsPerSecond = this.#rows.note(settled);
    const database = this.#database.seen;
    const isConnected = this.#queue.problem() === undefined && !this.#queue.isGivenBack();
    return progressLine(
      {
        rowsPerSecond,
        queued: isConnected ? this.#depth.seen : undefined,
        lag: rowsPerSecond > 0 ? lag : undefined,
        dead,
        queue: this.#queueState(),
        database: database && stateOf('down', database.problem),
      },
      width,
    );
  }

  say(): void {
    this.#progress.sayThroughput();
  }

  #queueState(): ServerState | undefined {
    if (this.#queue.isGivenBack()) return { word: 'waits for PostgreSQL', problem: undefined };
    const hindrance = this.#queue.hindrance();
    const problem = this.#queue.problem();
    const isTried = problem === undefined || hindrance !== undefined;
    return isTried ? stateOf(hindrance ?? 'down', problem) : undefined;
  }
}

/** @param word what it is where there is a problem. */
function stateOf(word: string, problem: string | undefined): ServerState {
  if (problem === undefined) return { word: 'up', problem };
  return { word, problem: printable(problem) };
}
