import { fitted, type Part } from '@csv2db/libs/fitted.ts';
import { type Outage, outageParts } from '@csv2db/libs/outage.ts';
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

/** What a server is, in words, or why it is down. */
export type ServerState = string | Outage;

/** How it stands, as a line that is no wider than so many columns. */
export function progressLine(now: HowItStands, width: number): string {
  const { queued, lag, dead, queue, database } = now;
  const parts: (Part | false)[] = [
    { text: `${grouped(now.rowsPerSecond)} rows/s`, rank: 2 },
    ...(queued === undefined ? [] : queuedParts(queued)),
    lag !== undefined && { text: `lag ${time(Math.round(lag))}`, rank: 4 },
    dead > 0 && { text: `${grouped(dead)} dead`, rank: 6 },
    ...serverParts('RabbitMQ', queue),
    ...serverParts('PostgreSQL', database),
  ];
  return fitted(
    parts.filter((part) => part !== false),
    width,
  );
}

function queuedParts(messages: number): Part[] {
  return [
    { text: grouped(messages), rank: 3 },
    { text: 'messages', rank: 8, gap: ' ' },
    { text: 'queued', rank: 3, gap: ' ' },
  ];
}

function serverParts(name: string, state: ServerState | undefined): Part[] {
  if (state === undefined) return [];
  if (typeof state === 'string') return [{ text: `${name} ${state}`, rank: 7 }];
  return outageParts(`${name} down`, state);
}
