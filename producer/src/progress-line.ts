import { fitted, type Part } from '@csv2db/libs/fitted.ts';
import { type Outage, outageParts } from '@csv2db/libs/outage.ts';
import { grouped, time } from '@csv2db/libs/words.ts';

/** How far an import is. */
export interface HowFar {
  /** How much of it is read, from 0 to 1; undefined where that is not known, as of a pipe. */
  share: number | undefined;
  /** Rows that were read. */
  read: number;
  rowsPerSecond: number;
  rejected: number;
  /** Rows that were sent, and that the broker has not confirmed. */
  unconfirmed: number;
  /** Undefined where that is not known. */
  secondsLeft: number | undefined;
  /** What goes on, or what it waits for; an outage is one of RabbitMQ. */
  state: string | Outage;
}

/** How far an import is, as a line that is no wider than so many columns. */
export function progressLine(now: HowFar, width: number): string {
  const { share, secondsLeft, state } = now;
  const isOut = typeof state !== 'string';
  const parts: (Part | false)[] = [
    share !== undefined && { text: `${Math.floor(100 * share)}%`, rank: 2 },
    { text: `${grouped(now.read)} rows`, rank: 6 },
    !isOut && { text: `${grouped(now.rowsPerSecond)}/s`, rank: 3 },
    now.rejected > 0 && { text: `${grouped(now.rejected)} rejected`, rank: 7 },
    now.unconfirmed > 0 && { text: `${grouped(now.unconfirmed)} unconfirmed`, rank: 8 },
    secondsLeft !== undefined && { text: `ETA ${time(Math.ceil(secondsLeft))}`, rank: 4 },
    ...(isOut
      ? outageParts('waits for RabbitMQ', state)
      : [{ text: state, rank: 0, isShortened: true }]),
  ];
  return fitted(
    parts.filter((part) => part !== false),
    width,
  );
}
