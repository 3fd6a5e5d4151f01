import { toRecord } from '@csv2db/libs/csv/records.ts';
import type { Refusal, Row } from '../batch.ts';
import type { Layout } from '../database/layout.ts';
import { decodeCsv } from '../decode.ts';
import { type CopyInput, copyLines, copyRows } from './copy.ts';
import type { RowGroup } from './groups.ts';
import { Lines } from './lines.ts';
import { hash, type Seen } from './seen.ts';

/** Rows of a batch by their keys; of two with the same key, the first one comes first. */
export interface OrderedRows {
  count: number;
  /** As COPY takes them. */
  data(): CopyInput;
  /** As `Layout.insertLines` takes them; undefined where they are not plain. */
  text(): Buffer | undefined;
  decoded(): readonly Row[];
}

/** A batch in parts. */
export interface SiftedBatch {
  all: OrderedRows;
  /** Rows whose keys were not met before, or not noticed. */
  unknown: OrderedRows;
  /** The others, which are likely to be duplicates. */
  known: OrderedRows;
  /** What turned out to be no row. */
  refusals: Refusal[];
}

/** Parts a group by what was seen before. Its rows stay bytes where all its bodies are plain. */
export function sift(group: RowGroup, seen: Seen): SiftedBatch {
  const { layout, bodies } = group;
  const lines = bodies.every(({ rows }) => rows === undefined)
    ? Lines.of(
        bodies.map(({ delivery }) => delivery),
        layout,
      )
    : undefined;
  if (lines) {
    const isKnown = (line: number): boolean =>
      !lines.lacksKey(line) && seen.add(lines.hashOf(line));
    return { ...part(lines.byKey(), isKnown, (some) => ofLines(lines, some)), refusals: [] };
  }
  const { rows, refusals } = decoded(group);
  const keyed = rows.map((row) => ({ row, key: keyOf(row, layout) })).sort(byKey);
  const isKnown = ({ key }: Keyed): boolean => {
    if (key === undefined) return false;
    const bytes = Buffer.from(key);
    return seen.add(hash(bytes, 0, bytes.length));
  };
  return { ...part(keyed, isKnown, (some) => ofRows(some.map(({ row }) => row))), refusals };
}

/** All rows of a group, in the order of their deliveries. */
export function decoded({ layout, bodies }: RowGroup): { rows: Row[]; refusals: Refusal[] } {
  const parts = bodies.map(({ delivery, rows }) =>
    rows ? { rows, refusals: [] } : decodeCsv(delivery, layout),
  );
  return {
    rows: parts.flatMap(({ rows }) => rows),
    refusals: parts.flatMap(({ refusals }) => refusals),
  };
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
    data: () => copyLines(numbers.length > 0 ? [lines.textOf(numbers)] : []),
    // without the last line feed, behind which another line would begin
    text: () => lines.textOf(numbers).subarray(0, -1),
    decoded: () => numbers.map((line) => lines.rowOf(line)),
  };
}

function ofRows(rows: readonly Row[]): OrderedRows {
  return {
    count: rows.length,
    data: () => copyRows(rows),
    text: () => undefined,
    decoded: () => rows,
  };
}

interface Keyed {
  row: Row;
  /** As `Lines` has it of a plain line; undefined where a part of it is NULL. */
  key: string | undefined;
}

function keyOf({ values }: Row, { key }: Layout): string | undefined {
  if (key.length === 0) return toRecord(values);
  const parts = key.map((place) => values[place] ?? null);
  return parts.includes(null) ? undefined : parts.join(',');
}

function byKey({ key: a = '' }: Keyed, { key: b = '' }: Keyed): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
