import type { Logger } from '@csv2db/libs/logger.ts';
import type { RowRange } from '@csv2db/libs/ranges.ts';
import { accountFor } from './account.ts';
import type { Beginning } from './checkpoint/checkpoint.ts';
import { pack } from './pack.ts';
import { countRows } from './source/chunk.ts';
import { FormatError } from './source/foreign.ts';
import type { Input, Inputs } from './source/inputs.ts';
import { plainRows } from './source/plain.ts';
import type { Position } from './source/position.ts';
import { readRows } from './source/rows.ts';
import { Selection, type Slices } from './source/select.ts';
import { wholeFile } from './source/whole.ts';
import { validate } from './validate.ts';
import { type ToValues, toValues, type ValueRules } from './values.ts';
import type { Shipment } from './worklist.ts';

export interface ShipmentOptions {
  /** Names of the columns that are sent. */
  columns: readonly string[];
  rules: ValueRules;
  /** The rows to take, in ascending order. */
  wanted: readonly RowRange[];
  rowsPerMessage: number;
}

/**
 * The rows of the files in messages; those that are rejected beside them. Ends early, without an
 * error, when the signal is aborted.
 *
 * @throws FatalError when a file can't be read, lacks a column, or ends before the rows to leave out.
 */
export async function* shipments(
  inputs: Inputs,
  { rows, seek }: Pick<Beginning, 'rows' | 'seek'>,
  options: ShipmentOptions,
  signal: AbortSignal,
  log: Logger,
): AsyncGenerator<Shipment, void> {
  const selection = new Selection(options.wanted, seek.rows);
  let passed = rows;
  let from = seek;
  try {
    while (from.file < inputs.files.length && !selection.isOver) {
      const input = await inputs.at(from.file);
      for await (const shipment of shipmentsOf(input, from, selection, options, log)) {
        // with rows in front of it that are not wanted, so that the chunks leave no gap
        yield { ...shipment, chunk: { ...shipment.chunk, firstRow: passed + 1 } };
        passed = shipment.chunk.lastRow;
      }
      // nobody else closes a file that has no row
      const isEmpty = selection.lastRow === from.rows && from.file !== seek.file;
      if (isEmpty) await inputs.closeAt(from.file);
      from = { file: from.file + 1, rows: selection.lastRow, lines: 0, bytes: 0 };
    }
    if (!signal.aborted && !selection.isOver) refuseShort(inputs.title, selection.lastRow, rows);
  } catch (error) {
    // a row that was read in part is none
    if (!signal.aborted) throw error;
  }
}

/** @throws FormatError when files end before the rows that are left out do. */
function refuseShort(title: string, rows: number, offset: number): void {
  if (rows < offset) throw new FormatError(`--offset ${offset}: ${title} has only ${rows} rows`);
}

async function* shipmentsOf(
  { source, text, layout }: Input,
  from: Position,
  selection: Selection,
  { columns, rules, rowsPerMessage }: ShipmentOptions,
  log: Logger,
): AsyncGenerator<Shipment, void> {
  const begin = from.bytes === 0 ? { ...from, ...layout.begin } : from;
  const chunks = readRows(wholeFile(text.read(begin.bytes), source, log), begin, {
    dialect: layout.dialect,
    encoding: text.encoding.replace('utf', 'UTF'),
    plain: rowsPerMessage > 1 ? plainRows(columns, layout, rules) : undefined,
  });
  const convert = toValues(columns, layout, rules);
  for await (const slices of selection.of(chunks)) {
    // the rows themselves are let go: they may wait for their confirms, encoded
    yield shipmentOf(slices, convert, columns, rowsPerMessage);
  }
}

/** Packs slices of a chunk. */
export function shipmentOf(
  slices: Slices,
  convert: ToValues,
  columns: readonly string[],
  rowsPerMessage: number,
): Shipment {
  const parts = slices.map((slice) => {
    const { firstRow } = slice;
    const read = countRows(slice);
    const { runs, rejects } = validate(slice, convert);
    const span = { firstRow, lastRow: firstRow + read - 1 };
    const messages = accountFor(span, pack(runs, columns, rowsPerMessage));
    return { ...span, read, rejects, messages };
  });
  const [{ firstRow, start }] = slices;
  return {
    chunk: { firstRow, lastRow: parts.at(-1)?.lastRow ?? firstRow, start },
    read: parts.reduce((sum, { read }) => sum + read, 0),
    rejects: parts.flatMap(({ rejects }) => rejects),
    messages: parts.flatMap(({ messages }) => messages),
    isRepeated: false,
  };
}

/**
 * Bytes to read at a time: enough for a message, and so few that the messages of the chunks in
 * hand, of which each takes far more memory than its row, are not too many.
 */
export function blockSizeFor(rowsPerMessage: number): number {
  return (rowsPerMessage < 100 ? 8 : 128) * 1024;
}
