import type { Shipment } from '../worklist.ts';

/** How many rows may be rejected: so many, or a share of those that were read. */
export type RejectLimit = { rows: number } | { percent: number };

/** Rows that are read before a share of them says something. */
const ENOUGH_ROWS = 1_000;

/** Passes shipments on, and ends early when too many of their rows are rejected. */
export async function* limitRejects(
  shipments: AsyncIterable<Shipment, void>,
  limit: RejectLimit,
): AsyncGenerator<Shipment, void> {
  let read = 0;
  let rejected = 0;
  for await (const shipment of shipments) {
    read += shipment.read;
    rejected += shipment.rejects.length;
    yield shipment;
    if (read >= ENOUGH_ROWS || 'rows' in limit) {
      if (isExceeded(limit, rejected, read)) return;
    }
  }
}

/** Whether of so many rows more were rejected than may be. */
export function isExceeded(limit: RejectLimit, rejected: number, read: number): boolean {
  return 'rows' in limit ? rejected > limit.rows : rejected > (limit.percent / 100) * read;
}

/** The limit as the flag has it. */
export function formatLimit(limit: RejectLimit): string {
  return 'rows' in limit ? String(limit.rows) : `${limit.percent}%`;
}
