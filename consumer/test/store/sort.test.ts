import fc from 'fast-check';
import { expect, it } from 'vitest';
import { orderOf } from '../../src/store/sort.ts';

/** The texts in the order that is found for them where they lie one behind the other. */
function ordered(texts: readonly Buffer[]): Buffer[] {
  const begins: number[] = [];
  const ends: number[] = [];
  let length = 0;
  for (const text of texts) {
    begins.push(length);
    length += text.length;
    ends.push(length);
  }
  return [...orderOf(Buffer.concat(texts), { begins, ends })].map((index) => {
    const text = texts[index];
    if (!text) throw new Error(`there is no text ${index}`);
    return text;
  });
}

const text = fc
  .string({ unit: fc.constantFrom('a', 'b', 'é', '🦊', '.', '@'), maxLength: 3 })
  .map((own) => Buffer.from(own));

it('texts are ordered by their bytes, behind what they all begin with', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('x', 'ü'), maxLength: 30 }),
      fc.array(text, { maxLength: 40 }),
      (prefix, endings) => {
        const texts = endings.map((ending) => Buffer.concat([Buffer.from(prefix), ending]));
        expect(ordered(texts)).toEqual(texts.toSorted((a, b) => Buffer.compare(a, b)));
      },
    ),
    { numRuns: 2_000, seed: 1 },
  );
});

it('texts that differ further behind stay as they are', () => {
  const texts = ['b', 'a', `${'c'.repeat(20)}2`, `${'c'.repeat(20)}1`].map((one) =>
    Buffer.from(one),
  );
  expect(ordered(texts).map(String)).toEqual([
    'a',
    'b',
    `${'c'.repeat(20)}2`,
    `${'c'.repeat(20)}1`,
  ]);
});

it('texts that are the same stay in an order that is given', () => {
  const bytes = Buffer.from('baba');
  const texts = { begins: [0, 1, 2, 3], ends: [1, 2, 3, 4] };
  expect([...orderOf(bytes, texts, Uint32Array.of(3, 2, 1, 0))]).toEqual([3, 1, 2, 0]);
});
