import { type Announcement, type Estimate, MOST_FILES } from '@csv2db/libs/announcement.ts';
import { withoutRows } from './account.ts';
import type { Beginning } from './checkpoint/checkpoint.ts';
import type { Message } from './pack.ts';
import type { FoundFile } from './source/files.ts';
import type { Inputs } from './source/inputs.ts';
import type { Shipment } from './worklist.ts';

/** Most characters of a file's name that are told: headers have to fit into a frame. */
const LONGEST_NAME = 250;

/** The first shipment with which a second estimate is made, and how many times more make the next one. */
const SECOND_ESTIMATE = 8;
const GROWTH = 1.25;

/**
 * Tells the ledger of an import on its way: ahead of the first rows, and with a better estimate of its last
 * row each time that a quarter more is read.
 *
 * @param limit most rows that are to be sent.
 */
export async function* announced(
  shipments: AsyncIterable<Shipment, void>,
  inputs: Inputs,
  beginning: Beginning,
  limit: number,
): AsyncGenerator<Shipment, void> {
  let [count, next] = [0, 1];
  for await (const shipment of shipments) {
    count += 1;
    if (count < next) {
      yield shipment;
      continue;
    }
    const { firstRow, lastRow } = shipment.chunk;
    const estimate = estimateAt(lastRow, inputs.share, beginning.rows + limit);
    const opening = toMessage(inputs.files, beginning, firstRow, { estimate });
    yield { ...shipment, messages: [opening, ...shipment.messages] };
    next = estimate ? Math.max(SECOND_ESTIMATE, Math.ceil(GROWTH * count)) : Infinity;
  }
}

/** The message that tells the ledger that an import has ended, with its last row. */
export function closingOf({ files }: Inputs, beginning: Beginning, lastRow: number): Message {
  const ended = new Date().toISOString();
  return toMessage(files, beginning, lastRow + 1, { ended, lastRow });
}

/**
 * What the last row of an import is taken to be.
 *
 * @param row number of the last row that is read.
 * @param share how much of the files that is, from 0 to 1; undefined where nobody knows.
 * @param end number of the last row that may be sent.
 */
function estimateAt(row: number, share: number | undefined, end: number): Estimate | undefined {
  return share ? { lastRow: Math.min(Math.round(row / share), end), madeAt: row } : undefined;
}

/** @param nextRow number of the row that it is in front of. */
function toMessage(
  files: readonly FoundFile[],
  { begun, firstRow }: Beginning,
  nextRow: number,
  standing: Pick<Announcement, 'ended' | 'lastRow' | 'estimate'>,
): Message {
  const announcement: Announcement = {
    begun,
    files: files.slice(0, MOST_FILES).map(({ name, bytes }) => ({ name: shortened(name), bytes })),
    fileCount: files.length,
    bytes: files.reduce<number | undefined>(added, 0),
    firstRow,
    ...standing,
  };
  return { ...withoutRows(nextRow), announcement: JSON.stringify(announcement) };
}

/** The end of a name, which tells more than its start. */
function shortened(name: string): string {
  return name.length <= LONGEST_NAME ? name : `…${name.slice(1 - LONGEST_NAME).toWellFormed()}`;
}

function added(sum: number | undefined, { bytes }: FoundFile): number | undefined {
  return sum === undefined || bytes === undefined ? undefined : sum + bytes;
}
