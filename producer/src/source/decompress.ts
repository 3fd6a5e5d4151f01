import { pipeline, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { codeOf, FatalError, messageOf } from '@csv2db/libs/errors.ts';
import type { Compression } from './compression.ts';
import { FormatError } from './foreign.ts';
import { bytesOf } from './open.ts';
import { wholeFrames, ZstdFrameError } from './zstd-frames.ts';

declare module 'zlib' {
  /** Node.js has it from 22.15 on. */
  const createZstdDecompress: typeof createGunzip | undefined;
}

const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Unpacks what is compressed, in constant memory: it reads on only as fast as blocks are taken from
 * it. Gzip members or zstd frames that follow one another are one text; zeros behind them, which
 * fill up the last block of a tape, are left out.
 *
 * @param size the most bytes of a block that comes out.
 * @param name what the file is called in messages.
 * @throws FormatError when this Node.js has no zstd; FatalError when the file is damaged or cut
 * off; and whatever the blocks throw.
 */
export async function* decompressed(
  blocks: AsyncIterable<Buffer>,
  compression: Compression,
  size: number,
  name: string,
): AsyncGenerator<Buffer> {
  const decoder = decoderOf(compression, size, name);
  const fed = { bytes: 0, last: NOTHING, failed: false };
  // what fails comes out of the decoder as well
  pipeline(feed, decoder, () => {});
  try {
    for await (const block of decoder) yield bytesOf(block);
    const rest = fed.last.subarray(fed.last.length - (fed.bytes - decoder.bytesWritten));
    const isPadding = compression === 'gzip' && rest.every((byte) => byte === 0);
    if (rest.length > 0 && !isPadding) throw new Error('something else is behind it');
  } catch (error) {
    throw fed.failed ? error : damaged(error, compression, name);
  } finally {
    decoder.destroy();
  }

  async function* feed(): AsyncGenerator<Buffer> {
    try {
      for await (const block of compression === 'zstd' ? wholeFrames(blocks) : blocks) {
        fed.bytes += block.length;
        fed.last = block;
        yield block;
      }
    } catch (error) {
      fed.failed = !(error instanceof ZstdFrameError);
      throw error;
    }
  }
}

function decoderOf(
  compression: Compression,
  chunkSize: number,
  name: string,
): Transform & zlib.Zlib {
  switch (compression) {
    case 'gzip':
      return zlib.createGunzip({ chunkSize });
    case 'brotli':
      return zlib.createBrotliDecompress({ chunkSize });
    case 'zstd':
      if (zlib.createZstdDecompress) return zlib.createZstdDecompress({ chunkSize });
      throw new FormatError(
        `--file ${name} is compressed with zstd, which this Node.js (${process.version}) can't read: use 22.15 or later, or unpack it, as with "zstdcat"`,
      );
  }
}

function damaged(error: unknown, compression: Compression, name: string): FatalError {
  return new FatalError(`${name} ${whatIsWrong(error, compression)}`, { cause: error });
}

function whatIsWrong(error: unknown, compression: Compression): string {
  const code = codeOf(error);
  if (code === 'Z_BUF_ERROR' || (error instanceof ZstdFrameError && error.isCutOff)) {
    return `is cut off, its ${compression} data has no end: get it anew`;
  }
  if (code === 'ZSTD_error_frameParameter_windowTooLarge') {
    return 'takes more than 128 MiB of memory to unpack: do it before, as with "zstdcat --long=31"';
  }
  return `is damaged (${compression}: ${messageOf(error)}): get it anew`;
}
