import type { Logger } from '@csv2db/libs/logger.ts';
import { type Compression, compressionOf, signatureOf } from './compression.ts';
import { decompressed } from './decompress.ts';
import { type Encoding, encodingOf, markLength, toUtf8 } from './encoding.ts';
import { FormatError, refuseForeign } from './foreign.ts';
import type { Head } from './head.ts';
import type { Source } from './open.ts';
import { hasLine, peek } from './peek.ts';

/** The text of a file in UTF-8, whatever it is packed and written in, without its byte order mark. */
export interface Text {
  /** How it begins, at most 64 KiB, to see what it is. Empty when the file is. */
  head: Head;
  compression: Compression | undefined;
  encoding: Encoding;
  /**
   * Whether a place in the text is one in the file, where reading begins at once. Otherwise all
   * before it is read, too.
   */
  isSeekable: boolean;
  /**
   * What is in the text from so many of its bytes on; of a pipe only once.
   *
   * @throws FatalError when reading fails, or the file is damaged; something else when the signal
   * is aborted.
   */
  read(from: number): AsyncIterable<Buffer>;
  /** Ends all reading, and closes the file. */
  close(): Promise<void>;
}

export interface TextOptions {
  encoding: Encoding | 'auto';
  /** Bytes to read at a time. */
  blockSize: number;
}

/**
 * Finds out what a file is, and says so where it is not UTF-8 as it stands. Waits for the first
 * line of a pipe.
 *
 * @throws FormatError when it is no text, even unpacked; what `Text.read` throws.
 */
export async function openText(
  source: Source,
  { encoding: wanted, blockSize }: TextOptions,
  signal: AbortSignal,
  log: Pick<Logger, 'info'>,
): Promise<Text> {
  const { name, isRegular } = source;
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);

  const file = await peek(
    () => source.read(0, blockSize, ended),
    isRegular,
    (head) => signatureOf(head) !== undefined || hasLine(head),
  );
  refuseForeign(file.head, name);
  const compression = compressionOf(file.head);
  const unpacked = compression
    ? await peek(() => decompressed(file.open(), compression, blockSize, name), isRegular)
    : file;
  if (compression) refuseInner(unpacked.head, name, compression);
  const isMarked = markLength(unpacked.head, 'utf-8') > 0;
  const encoding = wanted === 'auto' || isMarked ? encodingOf(unpacked.head) : wanted;
  const mark = markLength(unpacked.head, encoding);
  const text = await peek(() => toUtf8(skip(unpacked.open(), mark), encoding), isRegular);
  const unusual = [compression, encoding === 'utf-8' ? undefined : encoding].filter(Boolean);
  if (unusual.length > 0) log.info(`reading ${name}: ${unusual.join(', ')}`);
  const isSeekable = isRegular && !compression && encoding === 'utf-8';
  return {
    head: { bytes: text.head, isWhole: text.isWhole },
    compression,
    encoding,
    isSeekable,
    read: (from) =>
      isSeekable ? source.read(mark + from, blockSize, ended) : skip(text.open(), from),
    close: async () => {
      stop.abort();
      await source.close();
    },
  };
}

/** @throws FormatError when what was unpacked has to be unpacked again. */
function refuseInner(head: Buffer, name: string, outer: Compression): void {
  refuseForeign(head, name);
  const inner = compressionOf(head);
  if (!inner) return;
  throw new FormatError(
    `--file ${name} is compressed twice, with ${inner} and with ${outer}: unpack it once before`,
  );
}

async function* skip(blocks: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  for await (const block of blocks) {
    if (block.length > left) yield block.subarray(left);
    left = Math.max(0, left - block.length);
  }
}
