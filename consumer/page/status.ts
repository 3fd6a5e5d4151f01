/** What the page is told. Null is what is not known. Times are milliseconds since 1970, by the clock of the consumer. */
export interface Status {
  /** Of the program; the page of another one is to be loaded anew. */
  version: string;
  now: number;
  /** When the consumer started. */
  since: number;
  /** Its name. */
  queue: string;
  /** Its name. */
  table: string;
  servers: { queue: Server; database: Server };
  ledger: Known<Ledger>;
  depths: Known<Depths>;
  /** Of this consumer alone. */
  recent: Recent;
  /** Of this consumer alone, since it started. */
  refused: Refused;
}

/** A server, as this consumer sees it. */
export interface Server {
  /** `waits` where the consumer could work with it, but for something else. */
  state: 'up' | 'waits' | 'down';
  /** That, and what the consumer does about it, or why it is so. */
  words: string;
}

/** What was read of a server. */
export interface Known<T> {
  value: T | null;
  /** When that was. */
  at: number | null;
  /** Why it was not read since then; null where it was. */
  problem: string | null;
}

export interface Ledger {
  /** The newest ones, the newest first. */
  imports: readonly ImportRow[];
  /** How many imports there are. */
  total: number;
  /** Rows of messages that name no import; null where there are none. */
  foreign: { rows: number; inserted: number } | null;
}

export type State = 'complete' | 'running' | 'incomplete';

/** The numbers of each outcome, by the names of `consumer status --json`. */
export interface Outcomes {
  inserted: number;
  duplicate: number;
  skipped: number;
  rejected: number;
  dead: number;
  /** Null before all rows are read. */
  pending: number | null;
  /** Rows of its files: an estimate while `pending` is null; null where there is none. */
  expected: number | null;
}

export interface ImportRow extends Outcomes {
  id: string;
  /** The beginning of its id that tells it from the others. */
  shortId: string;
  /** Name of its first file; null where nobody announced it. */
  file: string | null;
  fileCount: number;
  /** ISO 8601. */
  begun: string | null;
  state: State;
  /** Number of the last row that is known. */
  highestRow: number | null;
  rowsPerSecond: number | null;
  etaSeconds: number | null;
}

/** Messages that wait. */
export interface Depths {
  queue: number | null;
  dead: number | null;
}

/** What became of rows lately, in slots of time, the oldest first. */
export interface Recent {
  /** Where the last slot ends. */
  end: number;
  /** Length of a slot, in milliseconds. */
  step: number;
  /** Rows of each slot; null before the consumer started. */
  inserted: readonly (number | null)[];
  duplicate: readonly (number | null)[];
  skipped: readonly (number | null)[];
  dead: readonly (number | null)[];
  /** Messages that waited in the queue; null while nobody looked. */
  depth: readonly (number | null)[];
}

/** Dead letters by reason. */
export interface Refused {
  reasons: readonly { reason: string; count: number }[];
  /** Dead letters of further reasons. */
  others: number;
}
