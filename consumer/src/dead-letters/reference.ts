import { createHash } from 'node:crypto';
import { InvalidArgumentError } from '@commander-js/extra-typings';
import { originOf } from '@csv2db/libs/origin.ts';
import { countIn, type RowRange } from '@csv2db/libs/ranges.ts';
import type { Message } from 'amqplib';
import { listOf } from '../origins.ts';
import { DEAD } from './letter.ts';

/** Hexadecimal digits of a digest: enough to tell a million letters apart. */
const DIGITS = 16;

/**
 * What a dead letter is called. It is made of the letter alone: places in a queue change with each
 * look, as letters that are given back come before the others, or behind them.
 */
export interface Reference {
  /** Id of the import; of a letter that does not say which rows it holds, a digest of it. */
  id: string;
  /** The rows of the import that it holds; undefined where the id is a digest. */
  rows: RowRange | undefined;
}

/** The same for the same letter, wherever it is in the queue. */
export function referenceOf({ content, properties }: Message): Reference {
  const headers: Record<string, unknown> = properties.headers ?? {};
  const { importId, rows } = originOf(headers) ?? {};
  if (importId !== undefined && rows && countIn([rows]) > 0) return { id: importId, rows };
  const messageId: unknown = properties.messageId;
  const rest = JSON.stringify([messageId, headers[DEAD.time]]);
  const digest = createHash('sha256').update(content).update(rest).digest('hex');
  return { id: digest.slice(0, DIGITS), rows: undefined };
}

/** As `IMPORT:ROW`, `IMPORT:FIRST-LAST`, or a digest. @param id what to write for the id. */
export function formatReference({ id, rows }: Reference, shortId = id): string {
  return rows ? `${shortId}:${listOf([rows])}` : shortId;
}

/**
 * Reads a reference, whose id may be the beginning of one.
 *
 * @throws InvalidArgumentError when it is none.
 */
export function parseReference(text: string): Reference {
  const { id, first, last } =
    /^(?<id>[!-~]+?)(:(?<first>\d+)(-(?<last>\d+))?)?$/.exec(text)?.groups ?? {};
  if (id === undefined) {
    throw new InvalidArgumentError('It must be as the list has it, such as IMPORT:ROW.');
  }
  if (first === undefined) return { id, rows: undefined };
  return { id, rows: { first: Number(first), end: Number(last ?? first) + 1 } };
}

/** Whether a letter is of an id that begins so, and holds all the rows. */
export function isMeant({ id, rows }: Reference, wanted: Reference): boolean {
  const isBeginning = id.startsWith(wanted.id);
  if (!rows || !wanted.rows) return isBeginning && rows === wanted.rows;
  return isBeginning && rows.first <= wanted.rows.first && wanted.rows.end <= rows.end;
}
