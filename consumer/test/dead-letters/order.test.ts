import { expect, it } from 'vitest';
import { type Entry, inOrder } from '../../src/dead-letters/order.ts';

const MIB = 1024 * 1024;

/** The last one comes first. */
async function* entries(count: number, length: number): AsyncGenerator<Entry, void> {
  for (let row = count; row > 0; row -= 1) {
    const reference = { id: 'i-1', rows: { first: row, end: row + 1 } };
    yield await Promise.resolve({ time: '', reference, text: 'x'.repeat(length) });
  }
}

async function partsOf(count: number, length: number): Promise<number[][]> {
  const parts = [];
  for await (const part of inOrder(entries(count, length))) {
    parts.push(part.map(({ reference }) => reference.rows?.first ?? 0));
  }
  return parts;
}

it('dead letters come in order as a whole as long as their lines fit into memory', async () => {
  const [part = [], ...others] = await partsOf(1_000, 200);
  expect(part).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
  expect(others).toEqual([]);
  expect(await partsOf(0, 200)).toEqual([]);
});

it('of more than fit, some are held at a time', async () => {
  const parts = await partsOf(40, MIB);
  expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(16);
  for (const part of parts) expect(part).toEqual(part.toSorted((a, b) => a - b));
  expect(parts.flat()).toHaveLength(40);
});
