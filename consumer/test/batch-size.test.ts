import { describe, expect, it } from 'vitest';
import { BatchSize } from '../src/batch-size.ts';

const KIB = 1024;
const FREE = { bytes: undefined, prefetch: undefined };
const [FAST, USUAL, SLOW, TOO_SLOW] = [50, 300, 1_000, 5_000];

describe('the size of a batch', () => {
  it('grows to 1 MiB while full batches take long, and no further', () => {
    const size = new BatchSize(FREE);
    expect(size.limits.weight).toBe(640 * KIB);
    size.adapt(10, 640 * KIB, SLOW);
    expect(size.limits.weight).toBe(1024 * KIB);
    size.adapt(10, 1024 * KIB, SLOW);
    expect(size.limits.weight).toBe(1024 * KIB);
  });

  it('stays when a batch takes long that is not full', () => {
    const size = new BatchSize(FREE);
    size.adapt(10, 100 * KIB, SLOW);
    expect(size.limits.weight).toBe(640 * KIB);
  });

  it('shrinks to 32 KiB while batches take too long, and comes back when they are fast', () => {
    const size = new BatchSize(FREE);
    for (let batch = 0; batch < 10; batch += 1) size.adapt(10, 640 * KIB, TOO_SLOW);
    expect(size.limits.weight).toBe(32 * KIB);
    size.adapt(10, 32 * KIB, USUAL);
    expect(size.limits.weight).toBe(32 * KIB);
    size.adapt(10, 32 * KIB, FAST);
    expect(size.limits.weight).toBe(640 * KIB);
  });

  it('is what --batch-bytes says', () => {
    const size = new BatchSize({ ...FREE, bytes: 1_000 });
    for (const took of [FAST, SLOW, TOO_SLOW]) size.adapt(10, 1_000, took);
    expect(size.limits.weight).toBe(1_000);
  });
});

describe('the prefetch', () => {
  it('is of two messages while their size is not known', () => {
    expect(new BatchSize(FREE)).toMatchObject({ prefetch: 2, limits: { items: 1 } });
  });

  it.each([
    ['small', 100, [20, 200, 2_000, 4_000, 4_000]],
    ['of a thousand rows', 60 * KIB, [20, 20]],
    ['of 250 KiB', 250 * KIB, [6]],
    ['huge', 20 * 1024 * KIB, [2]],
  ])(
    'becomes two batches of messages that are %s, tenfold a step at most',
    (_, bytes, expected) => {
      const size = new BatchSize(FREE);
      for (const prefetch of expected) {
        size.adapt(1, bytes, USUAL);
        expect(size.prefetch).toBe(prefetch);
        expect(size.limits.items).toBe(Math.ceil(prefetch / 2));
      }
    },
  );

  it('shrinks as soon as messages are larger', () => {
    const size = new BatchSize(FREE);
    for (let batch = 0; batch < 3; batch += 1) size.adapt(10, 1_000, USUAL);
    expect(size.prefetch).toBe(2_000);
    size.adapt(1, 20 * 1024 * KIB, USUAL);
    expect(size.prefetch).toBe(2);
  });

  it('stays when another one would not differ much', () => {
    const size = new BatchSize(FREE);
    size.adapt(1, 64 * KIB, USUAL);
    expect(size.prefetch).toBe(20);
    size.adapt(10, 10 * 40 * KIB, USUAL);
    expect(size.prefetch).toBe(20);
  });

  it('is what --prefetch says', () => {
    const size = new BatchSize({ ...FREE, prefetch: 7 });
    size.adapt(3, 300, USUAL);
    expect(size).toMatchObject({ prefetch: 7, limits: { items: 4 } });
  });
});
