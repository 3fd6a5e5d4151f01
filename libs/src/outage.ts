import { fitted, type Part } from './fitted.ts';
import { printable } from './visible.ts';

/** Why a server can't be worked with. */
export interface Outage {
  /** In a few words. */
  reason: string;
  /** What is done about it, such as `next try in 3 s`; undefined where that is not known. */
  next?: string | undefined;
}

/**
 * An outage as parts of a line, of which what happened matters most, then why.
 *
 * @param what names the server.
 */
export function outageParts(what: string, { reason, next }: Outage): Part[] {
  const parts: Part[] = [
    { text: what, rank: 0 },
    { text: `(${printable(reason)})`, rank: 1, gap: ' ', isShortened: true },
  ];
  return next === undefined ? parts : [...parts, { text: next, rank: 5, gap: ', ' }];
}

/** An outage as text, for the log. */
export function outageInWords(server: string, outage: Outage): string {
  return fitted(outageParts(`waits for ${server}`, outage), Infinity);
}
