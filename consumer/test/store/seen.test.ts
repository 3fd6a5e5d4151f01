import { expect, it } from 'vitest';
import { hash, Seen } from '../../src/store/seen.ts';

function add(seen: Seen, text: string): boolean {
  const bytes = Buffer.from(`<${text}>`);
  return seen.add(hash(bytes, 1, bytes.length - 1));
}

const texts = Array.from({ length: 1_000_000 }, (_, index) => `person.${index}@example.com`);

it('a text that was met is known', () => {
  const seen = new Seen();
  seen.watch();
  for (const text of texts) add(seen, text);
  expect(texts.filter((text) => !add(seen, text))).toEqual([]);
});

it('no text is known while duplicates are not watched for', () => {
  const seen = new Seen();
  expect(['a', 'b', 'a'].map((text) => add(seen, text))).toEqual([false, false, false]);
});

it('of a million new texts, less than one in a hundred seems known', () => {
  const seen = new Seen();
  seen.watch();
  const known = texts.filter((text) => add(seen, text));
  expect(known.length).toBeLessThan(texts.length / 100);
});

it('of new texts, less than one in ten seems known, however many came before', () => {
  const seen = new Seen();
  seen.watch();
  // numbers for texts, as making so many of those takes far longer than what is tested
  const number = Buffer.alloc(4);
  for (let count = 0; count < 19_000_000; count += 1) {
    number.writeUInt32LE(count);
    seen.add(hash(number, 0, 4));
  }
  const known = texts.filter((text) => add(seen, text));
  expect(known.length).toBeLessThan(texts.length / 10);
});
