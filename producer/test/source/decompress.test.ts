import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import * as zlib from 'node:zlib';
import { FatalError } from '@csv2db/libs/errors.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Compression, compressionOf } from '../../src/source/compression.ts';
import { decompressed } from '../../src/source/decompress.ts';
import { blocksOf, gathered } from './blocks.ts';
import { skippableFrame, zstdFrame } from './zstd.ts';

const HAS_ZSTD = 'createZstdDecompress' in zlib;
const ROWS = Array.from({ length: 5_000 }, (_, n) => `Näme ${n},${n}@example.org\n`).join('');

const QUICK = { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 };

const PACKED: Record<Compression, (text: string) => Buffer> = {
  gzip: (text) => zlib.gzipSync(text),
  brotli: (text) => zlib.brotliCompressSync(text, { params: QUICK }),
  zstd: (text) => zstdFrame(text.match(/.{1,300}|^$/gs)?.map((part) => Buffer.from(part)) ?? []),
};
const COMPRESSIONS = (['gzip', 'brotli', 'zstd'] as const).filter(
  (compression) => HAS_ZSTD || compression !== 'zstd',
);

async function unpack(bytes: Buffer, compression: Compression, ...sizes: number[]) {
  return gathered(decompressed(blocksOf(bytes, ...sizes), compression, 64 * 1024, 'rows.csv'));
}

describe('what a file is compressed with is seen by its first bytes:', () => {
  it.each(['gzip', 'brotli', 'zstd'] as const)('%s', (compression) => {
    for (const text of [ROWS, 'a', 'Zoë,zoe@example.org\n', '\ufeffЖ,ж@example.org']) {
      const bytes = PACKED[compression](text);
      expect(compressionOf(bytes)).toBe(compression);
      expect(compressionOf(bytes.subarray(0, 4096))).toBe(compression);
    }
  });

  it('zstd that begins with a frame of users', () => {
    expect(compressionOf(skippableFrame(Buffer.alloc(3)))).toBe('zstd');
  });

  it('brotli of something that takes much room', () => {
    expect(compressionOf(zlib.brotliCompressSync(Buffer.alloc(50_000_000, 'a\n')))).toBe('brotli');
  });

  it('brotli of UTF-16', () => {
    const text = Buffer.from(ROWS, 'utf16le');
    expect(compressionOf(zlib.brotliCompressSync(text))).toBe('brotli');
  });

  it('none, of text in any encoding, and of other bytes', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }).map((text) => Buffer.from(text)),
      fc.string({ maxLength: 200 }).map((text) => Buffer.from(text, 'utf16le')),
      fc
        .string({ minLength: 2, maxLength: 200 })
        .map((text) => Buffer.from(text, 'utf16le').swap16()),
      fc.uint8Array({ min: 32, maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(text, (bytes) => {
        expect(compressionOf(bytes)).toBeUndefined();
      }),
      { numRuns: 20_000, seed: 1 },
    );
  });
});

describe.each(COMPRESSIONS)('%s', (compression) => {
  const packed = PACKED[compression];

  it('is unpacked from blocks of any size', async () => {
    for (const sizes of [[1_000_000], [1000, 7], [3]]) {
      expect((await unpack(packed(ROWS), compression, ...sizes)).equals(Buffer.from(ROWS))).toBe(
        true,
      );
    }
  });

  it('of nothing is nothing', async () => {
    expect(await unpack(packed(''), compression, 100)).toEqual(Buffer.alloc(0));
  });

  it('that is cut off is an error, wherever', async () => {
    const bytes = packed('Zoë,zoe@example.org\n');
    for (let length = 5; length < bytes.length; length += 1) {
      await expect(unpack(bytes.subarray(0, length), compression, 7)).rejects.toThrow(
        new FatalError(`rows.csv is cut off, its ${compression} data has no end: get it anew`),
      );
    }
  });

  it.each([1, 10, 1_000_000])(
    'with something behind it is an error, in blocks of %i',
    async (size) => {
      const bytes = Buffer.concat([packed('Zoë'), Buffer.from('something else')]);
      await expect(unpack(bytes, compression, size)).rejects.toThrow(
        /^rows.csv is damaged \(\w+: [^\n]+\): get it anew$/,
      );
    },
  );

  it('that is damaged anywhere is an error, or another text, and never anything else', async () => {
    const bytes = packed(ROWS.slice(0, 2000));
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(254), async (at, by) => {
        const damaged = Buffer.from(bytes);
        damaged[at] = (damaged[at] ?? 0) ^ (by + 1);
        try {
          await unpack(damaged, compression, 100);
        } catch (error) {
          expect(error).toBeInstanceOf(FatalError);
        }
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  it('hands on what its source throws', async () => {
    const problem = new FatalError('reading rows.csv failed: EIO');
    async function* failing() {
      yield* blocksOf(packed(ROWS).subarray(0, 100), 50);
      throw problem;
    }
    const all = gathered(decompressed(failing(), compression, 64 * 1024, 'rows.csv'));
    await expect(all).rejects.toBe(problem);
  });

  it('closes its source when no more is wanted', async () => {
    const closed = new EventEmitter();
    async function* endless() {
      try {
        yield packed(ROWS).subarray(0, 2000);
        for (;;) yield await setImmediate(Buffer.from([0]));
      } finally {
        closed.emit('closed');
      }
    }
    const end = once(closed, 'closed');
    for await (const block of decompressed(endless(), compression, 64, 'rows.csv')) {
      expect(block.length).toBeLessThanOrEqual(64);
      break;
    }
    await end;
  });

  it('is read only as fast as it is taken', async () => {
    let read = 0;
    const text = randomBytes(1_000_000).toString('hex');
    async function* counted() {
      for await (const block of blocksOf(packed(text), 1000)) {
        read += block.length;
        yield block;
      }
    }
    const blocks = decompressed(counted(), compression, 64 * 1024, 'rows.csv');
    const first = await blocks.next();
    expect(first.done).toBe(false);
    for (let turn = 0; turn < 1000; turn += 1) await setImmediate();
    expect(read).toBeLessThan(packed(text).length / 2);
    await blocks.return(undefined);
  });
});

describe('gzip', () => {
  it.each([1, 13, 1_000_000])('of several members is one text, in blocks of %i', async (size) => {
    const members = ['Zoë,', '', 'zoe@example', '.org\n'].map((text) => zlib.gzipSync(text));
    expect((await unpack(Buffer.concat(members), 'gzip', size)).toString()).toBe(
      'Zoë,zoe@example.org\n',
    );
  });

  it.each([1, 1_000, 1_000_000])('may have zeros behind it, in blocks of %i', async (size) => {
    const bytes = Buffer.concat([zlib.gzipSync('Zoë'), Buffer.alloc(10_000)]);
    expect((await unpack(bytes, 'gzip', size)).toString()).toBe('Zoë');
  });
});

describe.runIf(HAS_ZSTD)('zstd', () => {
  it.each([1, 13, 1_000_000])('of several frames is one text, in blocks of %i', async (size) => {
    const frames = [
      zstdFrame([Buffer.from('Zoë,'), Buffer.from('zoe')]),
      skippableFrame(Buffer.from('!')),
      zstdFrame([Buffer.alloc(0)]),
      zstdFrame([Buffer.from('@example.org\n')], { isSingleSegment: false }, 3),
    ];
    expect((await unpack(Buffer.concat(frames), 'zstd', size)).toString()).toBe(
      'Zoë,zoe@example.org\nxxx',
    );
  });
});

it.skipIf(HAS_ZSTD)('zstd is refused where Node.js has none', async () => {
  await expect(unpack(PACKED.zstd('Zoë'), 'zstd', 100)).rejects.toThrow(
    /^--file rows.csv is compressed with zstd, which this Node.js \(v\S+\) can't read: use 22.15 or later, or unpack it, as with "zstdcat"$/,
  );
});
