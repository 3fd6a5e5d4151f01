import { describe, expect, it } from 'vitest';
import { Repeats } from '../src/repeats.ts';

/** A tenth of what it remembers by default. */
const MOST = 50_000;

/** Adds so many different emails, each so often, one round after the other. */
function added(repeats: Repeats, different: number, times: number, domain = 'example.org'): void {
  for (let time = 0; time < times; time += 1) {
    for (let n = 0; n < different; n += 1) repeats.add(`person.${n}@${domain}`);
  }
}

describe('emails that an earlier row has', () => {
  it('are all counted, up to 500,000 different ones', () => {
    const repeats = new Repeats();
    added(repeats, 500_000, 1);
    added(repeats, 1_234, 4);
    expect(repeats.estimate()).toEqual({ count: 4 * 1_234, error: 0 });
    expect(repeats.inWords()).toBe('4936');
  });

  it('are none where each is there once, however many', () => {
    const repeats = new Repeats(MOST);
    added(repeats, 120_000, 1);
    expect(repeats.inWords()).toBe('fewer than about 12 (none in a sample of one email in 4)');
  });

  it.each<[string, number, number, number]>([
    ['1% come twice', 100_000, 1_000, 1],
    ['half of them come twice', 80_000, 40_000, 1],
    ['some come often', 60_000, 200, 100],
  ])(
    'are estimated within the error that is said, and that is small: %s',
    (_, all, some, again) => {
      const repeats = new Repeats(MOST);
      added(repeats, all, 1);
      added(repeats, some, again);
      const { count, error } = repeats.estimate();
      expect(Math.abs(count - some * again)).toBeLessThanOrEqual(error);
      expect(error).toBeGreaterThan(0);
      expect(error).toBeLessThan(0.1 * some * again);
    },
  );

  // it was in the sample, and counted for many, or was not, and there were none
  it.each(['no.reply', 'none', 'info', 'x', 'test', 'a'])(
    'are estimated as well where nearly all are of one, %s',
    (name) => {
      const repeats = new Repeats(MOST);
      added(repeats, 110_000, 1);
      for (let n = 0; n < 20_000; n += 1) repeats.add(`${name}@example.com`);
      const { count, error } = repeats.estimate();
      expect(Math.abs(count - 19_999)).toBeLessThanOrEqual(error);
      expect(error).toBeLessThan(2_000);
    },
  );
});
