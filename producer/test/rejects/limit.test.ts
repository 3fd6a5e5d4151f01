import { expect, it } from 'vitest';
import { limitRejects, type RejectLimit } from '../../src/rejects/limit.ts';
import { START } from '../../src/source/position.ts';
import type { Shipment } from '../../src/worklist.ts';

/** Shipments of a hundred rows, of which the last so many are rejected. */
async function* shipments(...rejected: number[]): AsyncGenerator<Shipment, void> {
  for (const [index, count] of rejected.entries()) {
    const firstRow = 100 * index + 1;
    yield await Promise.resolve({
      chunk: { firstRow, lastRow: firstRow + 99, start: START },
      read: 100,
      rejects: Array.from({ length: count }, (_, n) => ({ row: n, line: n, reason: 'bad' })),
      messages: [],
      isRepeated: false,
    });
  }
}

async function countThrough(limit: RejectLimit, ...rejected: number[]): Promise<number> {
  const through: Shipment[] = [];
  for await (const shipment of limitRejects(shipments(...rejected), limit)) through.push(shipment);
  return through.length;
}

it('an import ends with the rows in hand once more are rejected than may be', async () => {
  expect(await countThrough({ rows: 5 }, 0, 5, 0, 1, 0, 0)).toBe(4);
  expect(await countThrough({ rows: 0 }, 1, 0)).toBe(1);
  expect(await countThrough({ rows: Infinity }, 100, 100)).toBe(2);
});

it('a share of the rows is looked at once there are a thousand', async () => {
  const many = Array.from({ length: 20 }, () => 50);
  expect(await countThrough({ percent: 10 }, ...many)).toBe(10);
  expect(await countThrough({ percent: 50 }, ...many)).toBe(20);
  expect(await countThrough({ percent: 10 }, 100, ...Array.from({ length: 19 }, () => 0))).toBe(20);
});
