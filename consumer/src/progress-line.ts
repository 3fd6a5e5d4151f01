import { fitted, type Part } from '@csv2db/libs/fitted.ts';
import { grouped, time } from '@csv2db/libs/words.ts';

/** How it stands with the work, and with the servers that it needs. */
export interface HowItStands {
  rowsPerSecond: number;
  /** Messages that are ready in the queue; undefined where that is not known. */
  queued: number | undefined;
  /** Seconds from publishing to the commit, lately; undefined where nothing was committed. */
  lag: number | undefined;
  /** Rows, or messages, that became dead letters. */
  dead: number;
  /** Of each server, undefined where nothing is known yet. */
  queue: ServerState | undefined;
  database: ServerState | undefined;
}

/** What a server is, and why it is down. */
export interface ServerState {
  /** `up`, or what is done about it, or waited for. */
  word: string;
  /** Undefined of one that is not down. */
  problem: string | undefined;
}

/** How it stands, as a line that is no wider than so many columns. */
export function progressLine(now: HowItStands, width: number): string {
  const { queued, lag, dead, queue, database } = now;
  const parts: (Part | undefined)[] = [
    { text: `${grouped(now.rowsPerSecond)} rows/s`, rank: 1 },
    queued === undefined ? undefined : { text: `${grouped(queued)} queued`, rank: 2 },
    lag === undefined ? undefined : { text: `lag ${time(Math.round(lag))}`, rank: 3 },
    dead > 0 ? { text: `${grouped(dead)} dead`, rank: 5 } : undefined,
    ...serverParts('RabbitMQ', queue),
    ...serverParts('PostgreSQL', database),
  ];
  return fitted(
    parts.filter((part) => part !== undefined),
    width,
  );
}

function serverParts(name: string, state: ServerState | undefined): Part[] {
  if (!state) return [];
  const text = `${name} ${state.word}`;
  if (state.problem === undefined) return [{ text, rank: 6 }];
  return [
    { text, rank: 0 },
    { text: `(${state.problem})`, rank: 4, isShortened: true },
  ];
}
