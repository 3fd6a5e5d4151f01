import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wholeFrames } from '../../src/source/zstd-frames.ts';
import { blocksOf, gathered } from './blocks.ts';
import { skippableFrame, zstdFrame } from './zstd.ts';

const frame = fc.oneof(
  fc.uint8Array({ maxLength: 20 }).map((data) => skippableFrame(Buffer.from(data))),
  fc
    .tuple(
      fc.array(fc.uint8Array({ maxLength: 20 }), { minLength: 1, maxLength: 3 }),
      fc.record({
        hasChecksum: fc.boolean(),
        isSingleSegment: fc.boolean(),
        contentSize: fc.constantFrom(0, 1, 2, 3),
        dictionaryId: fc.constantFrom(0, 1, 2, 3),
      }),
      fc.nat(5),
    )
    .map(([blocks, options, run]) =>
      zstdFrame(
        blocks.map((b) => Buffer.from(b)),
        options,
        run,
      ),
    ),
);
const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 3 });

describe('blocks of zstd', () => {
  it('are cut where a frame ends, whatever it has, and lose nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 4 }), sizes, async (frames, sizes) => {
        const file = Buffer.concat(frames);
        const ends = new Set<number>();
        let end = 0;
        const out: Buffer[] = [];
        for await (const block of wholeFrames(blocksOf(file, ...sizes))) {
          out.push(block);
          ends.add((end += block.length));
        }
        expect(Buffer.concat(out)).toEqual(file);
        let at = 0;
        for (const { length } of frames) expect(ends).toContain((at += length));
      }),
      { numRuns: 3_000, seed: 1 },
    );
  });

  it('that end within a frame are an error, wherever it is cut', async () => {
    const first = zstdFrame([Buffer.from('one')], { hasChecksum: true });
    const file = Buffer.concat([first, zstdFrame([Buffer.from('two')])]);
    for (let length = 1; length < file.length; length += 1) {
      const blocks = gathered(wholeFrames(blocksOf(file.subarray(0, length), 5)));
      await (length === first.length
        ? expect(blocks).resolves.toEqual(first)
        : expect(blocks).rejects.toMatchObject({ isCutOff: true }));
    }
  });

  it('that have something else behind a frame are an error', async () => {
    const file = Buffer.concat([zstdFrame([Buffer.from('one')]), Buffer.from('else')]);
    await expect(gathered(wholeFrames(blocksOf(file, 99)))).rejects.toThrow('something else');
  });
});
