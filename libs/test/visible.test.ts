import { expect, it } from 'vitest';
import { visible } from '../src/visible.ts';

it.each([
  ['plain', '"plain"'],
  ['two words', '"two words"'],
  [' ends ', '"\\u0020ends\\u0020"'],
  ['no\u00a0break', '"no\\u00a0break"'],
  ['no\u200bwidth', '"no\\u200bwidth"'],
  ['\ufeffmark', '"\\ufeffmark"'],
  ['a "quote", a \\ and\na line', '"a \\"quote\\", a \\\\ and\\na line"'],
  ['ü', '"ü"'],
])('%j is shown as %s', (text, shown) => {
  expect(visible(text)).toBe(shown);
});

it('a long text is cut', () => {
  expect(visible('x'.repeat(1000))).toBe(`"${'x'.repeat(300)}…"`);
});
