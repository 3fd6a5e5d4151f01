/** Any Node.js can make these: the blocks are not compressed (RFC 8878, 3.1.1.2.2). */
export interface FrameOptions {
  /** A false one: zeros. */
  hasChecksum?: boolean;
  isSingleSegment?: boolean;
  /** The codes of the two in a frame's descriptor, 0 to 3. */
  contentSize?: number;
  dictionaryId?: number;
}

/** @param run how often a last block of one byte repeats it; 0 for no such block. */
export function zstdFrame(
  blocks: readonly Buffer[],
  {
    hasChecksum = false,
    isSingleSegment = false,
    contentSize = 0,
    dictionaryId = 0,
  }: FrameOptions = {},
  run = 0,
): Buffer {
  const descriptor =
    (contentSize << 6) | (isSingleSegment ? 0x20 : 0) | (hasChecksum ? 4 : 0) | dictionaryId;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][contentSize] ?? 0;
  const window = isSingleSegment ? 0 : 1;
  const header = (size: number, kind: number, isLast: boolean): Buffer => {
    const bytes = Buffer.alloc(3);
    bytes.writeUIntLE((size << 3) | (kind << 1) | (isLast ? 1 : 0), 0, 3);
    return bytes;
  };
  return Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, descriptor]),
    Buffer.alloc(window + ([0, 1, 2, 4][dictionaryId] ?? 0) + sizeBytes),
    ...blocks.flatMap((block, at) => [
      header(block.length, 0, run === 0 && at === blocks.length - 1),
      block,
    ]),
    ...(run > 0 ? [header(run, 1, true), Buffer.from('x')] : []),
    Buffer.alloc(hasChecksum ? 4 : 0),
  ]);
}

/** A frame of users' own data. */
export function skippableFrame(data: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(data.length);
  return Buffer.concat([Buffer.from([0x5a, 0x2a, 0x4d, 0x18]), size, data]);
}
