import type { Reference } from './reference.ts';

/** A line about a letter, and what says where it comes among others. */
export interface Entry {
  /** When it was refused, ISO 8601; empty when that is not known. */
  time: string;
  reference: Reference;
  /** What is printed of it. */
  text: string;
}

/** Most characters that are held at a time: about 50,000 lines. */
const MOST_HELD = 16 * 1024 * 1024;
/** What an entry takes beside its text, in characters. */
const OVERHEAD = 200;

/**
 * Puts entries in order: by the time at which they died, then by import and row. Of more than fit
 * into memory each part is in order for itself.
 */
export async function* inOrder(entries: AsyncIterable<Entry>): AsyncGenerator<Entry[], void> {
  let part: Entry[] = [];
  let held = 0;
  for await (const entry of entries) {
    part.push(entry);
    held += entry.text.length + OVERHEAD;
    if (held < MOST_HELD) continue;
    yield part.sort(compare);
    part = [];
    held = 0;
  }
  if (part.length > 0) yield part.sort(compare);
}

function compare(a: Entry, b: Entry): number {
  return (
    compareTexts(a.time, b.time) ||
    compareTexts(a.reference.id, b.reference.id) ||
    (a.reference.rows?.first ?? 0) - (b.reference.rows?.first ?? 0)
  );
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
