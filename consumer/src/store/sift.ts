import type { Delivery, Refusal, Row } from '../batch.ts';
import { decode } from '../decode.ts';
import { copyData } from './copy.ts';
import { isPlain, Lines } from './lines.ts';
import { hash, type Seen } from './seen.ts';

/** Rows of a batch by their emails; of two with the same email, the first one comes first. */
export interface OrderedRows {
  count: number;
  /** As COPY takes them. */
  data(): Buffer[];
  /** As `Table.insertLines` takes them; undefined where they are not plain. */
  text(): Buffer | undefined;
  decoded(): Row[];
}

/** A batch in parts. */
export interface SiftedBatch {
  all: OrderedRows;
  /** Rows whose emails were not met before, or not noticed. */
  unknown: OrderedRows;
  /** The others, which are likely to be duplicates. */
  known: OrderedRows;
  /** What holds no row. */
  refusals: Refusal[];
}

/** Parts a batch by what was seen before. Its rows stay bytes where all its bodies are plain. */
export function sift(batch: readonly Delivery[], seen: Seen): SiftedBatch {
  const lines = batch.every(isPlain) ? Lines.of(batch) : undefined;
  if (lines) {
    const isKnown = (line: number): boolean => seen.add(lines.hashOf(line));
    return { ...part(lines.byEmail(), isKnown, (some) => ofLines(lines, some)), refusals: [] };
  }
  const { rows, refusals } = decode(batch);
  const isKnown = ({ contact }: Row): boolean => {
    const email = Buffer.from(contact.email);
    return seen.add(hash(email, 0, email.length));
  };
  return { ...part(rows.sort(byEmail), isKnown, ofRows), refusals };
}

function part<T>(
  items: readonly T[],
  isKnown: (item: T) => boolean,
  toRows: (items: readonly T[]) => OrderedRows,
) {
  const [unknown, known]: [T[], T[]] = [[], []];
  for (const item of items) (isKnown(item) ? known : unknown).push(item);
  return { all: toRows(items), unknown: toRows(unknown), known: toRows(known) };
}

function ofLines(lines: Lines, numbers: readonly number[]): OrderedRows {
  return {
    count: numbers.length,
    data: () => (numbers.length > 0 ? [lines.textOf(numbers)] : []),
    // without the last line feed, behind which another line would begin
    text: () => lines.textOf(numbers).subarray(0, -1),
    decoded: () => numbers.map((line) => lines.rowOf(line)),
  };
}

function ofRows(rows: readonly Row[]): OrderedRows {
  return {
    count: rows.length,
    data: () => copyData(rows),
    text: () => undefined,
    decoded: () => [...rows],
  };
}

function byEmail({ contact: a }: Row, { contact: b }: Row): number {
  return a.email < b.email ? -1 : a.email > b.email ? 1 : 0;
}
