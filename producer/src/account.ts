import { CONTENT_TYPE } from '@csv2db/libs/message.ts';
import type { Message, Packed } from './pack.ts';
import type { RowSpan } from './source/position.ts';

/** Rows that follow one another, whatever became of them. */
type Span = Pick<RowSpan, 'firstRow' | 'lastRow'>;

/**
 * Lets the messages of a span account for all of its rows, so that nothing has to be known of what
 * is around it: a row that is in none of them was rejected. The next message tells so, behind the last one
 * that one, and where there is none, one that has no rows.
 *
 * @param packed in the order of the file.
 */
export function accountFor({ firstRow, lastRow }: Span, packed: readonly Packed[]): Message[] {
  let next = firstRow;
  if (packed.length === 0) return [withoutRows(firstRow, lastRow + 1 - firstRow)];
  return packed.map((message, index) => {
    const rejectedBefore = message.firstRow - next;
    next = message.firstRow + message.rows;
    const rejectedAfter = index === packed.length - 1 ? lastRow + 1 - next : 0;
    return { ...message, rejectedBefore, rejectedAfter };
  });
}

/** The rows that a message accounts for. */
export function spanOf({ firstRow, rows, rejectedBefore, rejectedAfter }: Message): Span {
  return { firstRow: firstRow - rejectedBefore, lastRow: firstRow + rows - 1 + rejectedAfter };
}

/** A message for the ledger alone. @param firstRow the one that would be its first. */
export function withoutRows(firstRow: number, rejectedAfter = 0): Message {
  const [body, contentType] = [Buffer.alloc(0), CONTENT_TYPE.ledger];
  return { firstRow, rows: 0, rejectedBefore: 0, rejectedAfter, body, contentType };
}
