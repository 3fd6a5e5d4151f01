import type { Logger } from '@csv2db/libs/logger.ts';
import { fromStart } from './checkpoint/checkpoint.ts';
import type { ProducerConfig } from './config.ts';
import { RejectLog } from './rejects/log.ts';
import { Repeats } from './repeats.ts';
import { readRowList } from './row-list.ts';
import { blockSizeFor, shipments } from './shipments.ts';
import { nameOfDelimiter } from './source/delimiter.ts';
import { findFiles } from './source/files.ts';
import { Inputs } from './source/inputs.ts';
import { lineEndsIn } from './source/line-ends.ts';
import { rowsBehind } from './source/select.ts';

/** Rows that are shown. */
const SHOWN = 3;

/**
 * Does everything with the rows of files but send them, and prints what was found.
 *
 * @returns whether no row is rejected.
 * @throws FatalError when a file can't be read, or lacks a column.
 */
export async function dryRun(
  config: ProducerConfig,
  print: (line: string) => void,
  signal: AbortSignal,
  log: Logger,
): Promise<boolean> {
  if (config.metricsAddress !== undefined || config.metricsFile !== undefined) {
    log.warn('--dry-run: a dry run has no metrics; --metrics-addr and --metrics-file are left out');
  }
  const files = await findFiles(config.files, log);
  const inputs = new Inputs(files, config.input, blockSizeFor(1), signal, log);
  const wanted = config.rows
    ? await readRowList(config.rows, signal, log)
    : rowsBehind(config.offset, config.limit);
  const rejects = new RejectLog(log);
  const repeats = config.columns.includes('email') ? new Repeats() : undefined;
  const shown: string[] = [];
  const found: string[] = [];
  let read = 0;
  try {
    // a row is a message, which can be shown
    const options = { ...config, wanted, rowsPerMessage: 1 };
    for await (const shipment of shipments(
      inputs,
      fromStart(config.offset),
      options,
      signal,
      log,
    )) {
      const { file } = shipment.chunk.start;
      await describeBefore(file + 1);
      await inputs.closeBefore(file);
      read += shipment.read;
      rejects.note(shipment.rejects, inputs.nameAmongOthers(file));
      for (const { rows, body } of shipment.messages) {
        if (rows === 0) continue;
        const text = body.toString();
        if (shown.length < SHOWN) shown.push(text);
        const email = emailIn(text);
        if (email !== undefined) repeats?.add(email);
      }
    }
    // those behind the last row, unless nothing of them was wanted
    if (read < config.limit && !signal.aborted) await describeBefore(files.length);
  } finally {
    await inputs.close();
  }
  for (const line of found) print(line);
  const whole = signal.aborted ? 'stopped; so far ' : '';
  print(`${whole}${read} rows: ${read - rejects.count} to send, ${rejects.count} rejected`);
  if (rejects.count > 0) print(`rejected: ${rejects.inWords()}`);
  const remedy = rejects.remedy(read);
  if (remedy !== undefined) print(`most rows are not of the encoding: ${remedy}`);
  if (repeats) print(`rows with an email that an earlier row has: ${repeats.inWords()}`);
  for (const row of shown) print(row);
  return rejects.count === 0;

  async function describeBefore(end: number): Promise<void> {
    while (found.length < end) found.push(await describe(inputs, found.length));
  }
}

/** What was found out about a file. */
async function describe(inputs: Inputs, index: number): Promise<string> {
  const { source, text, layout } = await inputs.at(index);
  return [
    `${source.name}: ${[text.compression, text.encoding].filter(Boolean).join(', ')}`,
    `separated by ${nameOfDelimiter(layout.dialect.delimiter)}`,
    layout.hasHeader ? 'with a header' : 'without a header',
    `lines end with ${lineEndsIn(text.head.bytes)}`,
  ].join(', ');
}

/** The email of a row as it would be sent; undefined when it has none. */
function emailIn(row: string): string | undefined {
  const value: unknown = JSON.parse(row);
  const isRow = typeof value === 'object' && value !== null && 'email' in value;
  return isRow && typeof value.email === 'string' ? value.email : undefined;
}
