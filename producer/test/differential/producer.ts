import { fromStart } from '../../src/checkpoint/checkpoint.ts';
import type { Message } from '../../src/pack.ts';
import { shipments } from '../../src/shipments.ts';
import { Inputs } from '../../src/source/inputs.ts';
import { rowsBehind } from '../../src/source/select.ts';
import type { Reject } from '../../src/validate.ts';
import { recorder } from '../source/recorder.ts';
import type { GeneratedFile } from './files.ts';

/** What the stages make of a file: its messages, its rejects, and what they say. */
export async function rowsOf(
  path: string,
  {
    wishes,
    rowsPerMessage,
    blockSize,
  }: Pick<GeneratedFile, 'wishes' | 'rowsPerMessage' | 'blockSize'>,
) {
  const { log, lines } = recorder();
  const { signal } = new AbortController();
  const file = { name: path, path, identity: path, isRegular: true };
  const inputs = new Inputs([file], wishes, blockSize, signal, log);
  const options = {
    columns: wishes.columns.map(({ name }) => name),
    rules: { checksContacts: false, isTrimmed: false, nullText: '' },
    wanted: rowsBehind(0, Infinity),
    rowsPerMessage,
  };
  const messages: Message[] = [];
  const rejects: Reject[] = [];
  for await (const shipment of shipments(inputs, fromStart(0), options, signal, log)) {
    messages.push(...shipment.messages.filter(({ rows }) => rows > 0));
    rejects.push(...shipment.rejects);
  }
  await inputs.close();
  return { messages, rejects, lines };
}
