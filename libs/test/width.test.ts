import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stringWidth, wrapped } from '../src/width.ts';

it.each([
  ['', 5, ['']],
  ['one two', 7, ['one two']],
  ['one two three', 7, ['one two', 'three']],
  ['one two three', 8, ['one two', 'three']],
  ['one two three', 6, ['one', 'two', 'three']],
  ['one-two-three', 6, ['one-tw', 'o-thre', 'e']],
  ['名簿名簿 x', 5, ['名簿', '名簿', 'x']],
  ['名簿', 1, ['名', '簿']],
])('wraps %j to %d columns', (text, width, lines) => {
  expect(wrapped(text, width)).toEqual(lines);
});

it('wraps any text into lines that fit, and loses nothing but spaces', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 20 }), (text, width) => {
      const lines = wrapped(text, width);
      const isAlone = (line: string): boolean =>
        [...new Intl.Segmenter().segment(line)].length === 1;
      for (const line of lines.filter((one) => !isAlone(one))) {
        expect(stringWidth(line)).toBeLessThanOrEqual(width);
      }
      expect(lines.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
    }),
  );
});
