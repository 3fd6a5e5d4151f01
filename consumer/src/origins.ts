import { originOf } from '@csv2db/libs/origin.ts';
import { countIn, merged, type RowRange } from '@csv2db/libs/ranges.ts';
import type { Delivery, Refusal } from './batch.ts';

/** Ranges of an import that are told one by one. */
const MOST_RANGES = 20;

/** Which rows of which imports a batch holds, as far as its messages tell: lists of rows by import. */
export function originsOf(batch: readonly Delivery[]): Record<string, string> {
  const byImport = new Map<string, RowRange[]>();
  for (const { properties } of batch) {
    const { importId, rows } = originOf(properties.headers) ?? {};
    if (importId === undefined || rows === undefined) continue;
    const ranges = byImport.get(importId) ?? [];
    byImport.set(importId, ranges);
    ranges.push(rows);
  }
  return Object.fromEntries(
    [...byImport].map(([importId, ranges]) => [importId, listOf(merged(ranges))]),
  );
}

/** Which rows of an import are refused; undefined where the message does not tell. */
export function originOfRefusal({
  delivery,
  part,
}: Refusal): { import: string; rows: string } | undefined {
  const { importId, rows } = originOf(delivery.properties.headers) ?? {};
  if (importId === undefined || !rows || countIn([rows]) === 0) return undefined;
  const first = part ? rows.first + part.index : rows.first;
  return { import: importId, rows: listOf([{ first, end: part ? first + 1 : rows.end }]) };
}

/** Ranges as `7,1200-1300`; of too many, the first ones and the last one. */
export function listOf(ranges: readonly RowRange[]): string {
  const words = ranges.map(({ first, end }) =>
    first + 1 === end ? String(first) : `${first}-${end - 1}`,
  );
  if (words.length <= MOST_RANGES) return words.join();
  return [...words.slice(0, MOST_RANGES - 1), '…', ...words.slice(-1)].join();
}
