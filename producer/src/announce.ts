import { type Announcement, MOST_FILES } from '@csv2db/libs/announcement.ts';
import { withoutRows } from './account.ts';
import type { Beginning } from './checkpoint/checkpoint.ts';
import type { Message } from './pack.ts';
import type { FoundFile } from './source/files.ts';
import type { Shipment } from './worklist.ts';

/** Most characters of a file's name that are told: headers have to fit into a frame. */
const LONGEST_NAME = 250;

/**
 * The message that tells the ledger of an import.
 *
 * @param lastRow the number of its last row, where it has ended; undefined while it goes on.
 */
export function announce(
  files: readonly FoundFile[],
  { begun, firstRow, rows }: Pick<Beginning, 'begun' | 'firstRow' | 'rows'>,
  lastRow?: number,
): Message {
  const announcement: Announcement = {
    begun,
    ended: lastRow === undefined ? undefined : new Date().toISOString(),
    files: files.slice(0, MOST_FILES).map(({ name, bytes }) => ({ name: shortened(name), bytes })),
    fileCount: files.length,
    bytes: files.reduce<number | undefined>(added, 0),
    firstRow,
    lastRow,
  };
  const next = (lastRow ?? rows) + 1;
  return { ...withoutRows(next), announcement: JSON.stringify(announcement) };
}

/** Sends a message ahead of the first rows. */
export async function* ahead(
  message: Message,
  shipments: AsyncIterable<Shipment, void>,
): AsyncGenerator<Shipment, void> {
  let first: readonly Message[] = [message];
  for await (const shipment of shipments) {
    yield { ...shipment, messages: [...first, ...shipment.messages] };
    first = [];
  }
}

/** The end of a name, which tells more than its start. */
function shortened(name: string): string {
  return name.length <= LONGEST_NAME ? name : `…${name.slice(1 - LONGEST_NAME).toWellFormed()}`;
}

function added(sum: number | undefined, { bytes }: FoundFile): number | undefined {
  return sum === undefined || bytes === undefined ? undefined : sum + bytes;
}
