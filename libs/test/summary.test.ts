import { expect, it } from 'vitest';
import { summary } from '../src/summary.ts';

it('is one line, unless it is too wide for the terminal', () => {
  const parts = ['1000 rows read', '998 published'];
  const line = 'finished: 1000 rows read, 998 published';
  expect(summary('finished', parts)).toBe(line);
  // with the time and the level in front of it
  expect(summary('finished', parts, 17 + line.length)).toBe(line);
  expect(summary('finished', parts, 16 + line.length)).toBe(
    'finished\n  1000 rows read\n  998 published',
  );
});
