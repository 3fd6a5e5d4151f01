import { stat } from 'node:fs/promises';
import { CR, LF } from '@csv2db/libs/csv/bounds.ts';
import type { Logger } from '@csv2db/libs/logger.ts';
import type { Source } from './open.ts';

/**
 * Passes the blocks of a file on, and tells at its end what suggests that they are not the whole
 * file: a last line without a line break, and a change of the file while it was read.
 */
export async function* wholeFile(
  blocks: AsyncIterable<Buffer>,
  source: Source,
  log: Logger,
): AsyncGenerator<Buffer> {
  let lastByte: number | undefined;
  for await (const block of blocks) {
    lastByte = block.at(-1);
    yield block;
  }
  const { name } = source;
  if (lastByte !== undefined && lastByte !== LF && lastByte !== CR) {
    log.warn(`the last line of ${name} has no line break: the file may be incomplete`);
  }
  const change = await changeOf(source);
  if (change !== undefined) log.warn(`${name} ${change} while it was read: import it again`);
}

/** What happened to a file since it was opened. */
async function changeOf(source: Source): Promise<string | undefined> {
  if (!source.isRegular) return undefined;
  const { opened } = source;
  const now = await source.state();
  if (now.size > opened.size) return `grew from ${opened.size} to ${now.size} bytes`;
  if (now.size < opened.size) return `shrank from ${opened.size} to ${now.size} bytes`;
  if (now.modified !== opened.modified) return 'was written to';
  const named = await stat(source.name, { bigint: true }).catch(() => undefined);
  if (!named) return 'was deleted';
  return `${named.dev}:${named.ino}` === `${opened.device}:${opened.inode}`
    ? undefined
    : 'was replaced';
}
