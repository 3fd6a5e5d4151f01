/** A file of zstd that has something else behind a frame, or ends within one. */
export class ZstdFrameError extends Error {
  override name = 'ZstdFrameError';
  readonly isCutOff: boolean;

  constructor(message: string, { isCutOff = false } = {}) {
    super(message);
    this.isCutOff = isCutOff;
  }
}

const MAGIC = 0xfd2fb528;
/** Frames for users' own data, to be skipped; the last four bits may be any. */
const SKIPPABLE = 0x184d2a50;

/** Bytes of the size of the content, by the highest two bits of a frame's descriptor. */
const CONTENT_SIZE = [0, 2, 4, 8];
/** Bytes of the id of the dictionary, by the lowest two. */
const DICTIONARY_ID = [0, 1, 2, 4];

/**
 * Passes the blocks of a zstd file on, cut where a frame ends (RFC 8878, 3.1). The decoder of
 * Node.js needs that: what follows a frame in the same write it drops without a word, and in
 * Node.js 22 it takes a file that ends within a frame for whole.
 *
 * @throws ZstdFrameError.
 */
export async function* wholeFrames(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const walk = frameParts();
  let part = walk.next(Buffer.alloc(0));
  /** What has come of a header. */
  let gathered = Buffer.alloc(0);
  let left = part.value.length;

  for await (const block of blocks) {
    let from = 0;
    for (let at = 0; at < block.length;) {
      const taken = block.subarray(at, at + left);
      if (part.value.isHeader) gathered = Buffer.concat([gathered, taken]);
      at += taken.length;
      left -= taken.length;
      while (left === 0) {
        part = walk.next(gathered);
        gathered = Buffer.alloc(0);
        left = part.value.length;
        if (!part.value.beginsFrame || at === from) continue;
        yield block.subarray(from, at);
        from = at;
      }
    }
    if (from < block.length) yield block.subarray(from);
  }
  if (part.value.beginsFrame && gathered.length === 0) return;
  throw new ZstdFrameError('it ends within a frame', { isCutOff: true });
}

interface Part {
  length: number;
  /** Whether what is in it is wanted, to tell what follows. */
  isHeader: boolean;
  beginsFrame: boolean;
}

/** The parts of frames, one after the other. It is sent each header that it asked for. */
function* frameParts(): Generator<Part, never, Buffer> {
  for (;;) {
    const magic = (yield { ...header(4), beginsFrame: true }).readUInt32LE();
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
      yield content((yield header(4)).readUInt32LE());
      continue;
    }
    if (magic !== MAGIC) throw new ZstdFrameError('something else is behind it');
    const descriptor = (yield header(1)).readUInt8();
    const isSingleSegment = (descriptor & 0x20) !== 0;
    const contentSize = CONTENT_SIZE[descriptor >> 6] ?? 0;
    yield content(
      (DICTIONARY_ID[descriptor & 3] ?? 0) +
        (isSingleSegment ? Math.max(contentSize, 1) : contentSize + 1),
    );
    for (let isLast = false; !isLast;) {
      const block = (yield header(3)).readUIntLE(0, 3);
      isLast = (block & 1) === 1;
      const isRunOfOneByte = ((block >> 1) & 3) === 1;
      yield content(isRunOfOneByte ? 1 : block >> 3);
    }
    if ((descriptor & 4) !== 0) yield content(4);
  }
}

const header = (length: number): Part => ({ length, isHeader: true, beginsFrame: false });
const content = (length: number): Part => ({ length, isHeader: false, beginsFrame: false });
