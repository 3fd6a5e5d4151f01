/** What a producer tells of its import: when that begins, now and then on the way, and when it has ended. */
export interface Announcement {
  /** When the import began: ISO 8601, UTC. */
  begun: string;
  /** When its last row was confirmed; undefined before. */
  ended?: string | undefined;
  /** Its files, the first {@link MOST_FILES} of them. */
  files: readonly AnnouncedFile[];
  /** How many files it has. */
  fileCount: number;
  /** Their size altogether, in bytes; undefined where one is a pipe. */
  bytes?: number | undefined;
  /** Number of its first row: above 1 where rows were left out at the start. */
  firstRow: number;
  /** Number of its last row, below `firstRow` where it has none; undefined before it has ended. */
  lastRow?: number | undefined;
  /** What its last row will be, as far as can be told on the way; undefined where it can't, as of a pipe. */
  estimate?: Estimate | undefined;
}

/** What is taken to be the last row of an import, by the bytes of the rows so far. */
export interface Estimate {
  lastRow: number;
  /** Number of the last row that it is made from: of two estimates, the later one is better. */
  madeAt: number;
}

/** A file of an import. */
export interface AnnouncedFile {
  name: string;
  /** Undefined of a pipe. */
  bytes?: number | undefined;
}

/** Most files that an announcement names: headers have to fit into a frame. */
export const MOST_FILES = 20;

/** The announcement in a header; undefined where it is none. */
export function parseAnnouncement(header: unknown): Announcement | undefined {
  if (typeof header !== 'string') return undefined;
  try {
    const value: unknown = JSON.parse(header);
    return isAnnouncement(value) ? onlyKnown(value) : undefined;
  } catch {
    return undefined;
  }
}

/** Without what a later version, or somebody else, may have added. */
function onlyKnown(announcement: Announcement): Announcement {
  const { begun, ended, files, fileCount, bytes, firstRow, lastRow, estimate } = announcement;
  const known = files.map((file) => ({ name: file.name, bytes: file.bytes }));
  return {
    begun,
    ended,
    files: known,
    fileCount,
    bytes,
    firstRow,
    lastRow,
    estimate: estimate && { lastRow: estimate.lastRow, madeAt: estimate.madeAt },
  };
}

function isAnnouncement(value: unknown): value is Announcement {
  if (!isObject(value)) return false;
  return (
    isTime(value['begun']) &&
    (value['ended'] === undefined || isTime(value['ended'])) &&
    Array.isArray(value['files']) &&
    value['files'].every(isFile) &&
    isCount(value['fileCount']) &&
    isMissingOrCount(value['bytes']) &&
    isCount(value['firstRow']) &&
    isMissingOrCount(value['lastRow']) &&
    (value['estimate'] === undefined || isEstimate(value['estimate']))
  );
}

function isEstimate(value: unknown): value is Estimate {
  return isObject(value) && isCount(value['lastRow']) && isCount(value['madeAt']);
}

function isFile(value: unknown): value is AnnouncedFile {
  return isObject(value) && typeof value['name'] === 'string' && isMissingOrCount(value['bytes']);
}

/** ISO 8601, UTC, and a time that there is. */
function isTime(value: unknown): boolean {
  if (typeof value !== 'string' || Number.isNaN(Date.parse(value))) return false;
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value);
}

function isMissingOrCount(value: unknown): boolean {
  return value === undefined || isCount(value);
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
