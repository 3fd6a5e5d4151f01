import { expect, it } from 'vitest';
import { accountFor } from '../src/account.ts';
import { START } from '../src/source/position.ts';
import { type Shipment, Worklist } from '../src/worklist.ts';

function shipment(firstRow: number): Shipment {
  const packed = { firstRow, rows: 1, body: Buffer.from('{}'), contentType: 'application/json' };
  const chunk = { firstRow, lastRow: firstRow + 1, start: START };
  return {
    chunk,
    read: 2,
    rejects: [{ row: firstRow + 1, reason: 'none' }],
    messages: accountFor(chunk, [packed]),
    isRepeated: false,
  };
}

async function* read(...items: (Shipment | Error)[]): AsyncGenerator<Shipment, void> {
  for (const item of items) {
    if (item instanceof Error) throw item;
    yield await Promise.resolve(item);
  }
}

it('gives what was read, in order, and is empty behind its end', async () => {
  const worklist = new Worklist(read(shipment(1), shipment(3)));
  expect((await worklist.take())?.chunk.firstRow).toBe(1);
  expect((await worklist.take())?.chunk.firstRow).toBe(3);
  expect(worklist.isEmpty).toBe(false);
  expect(await worklist.take()).toBeUndefined();
  expect(worklist.isEmpty).toBe(true);
});

it('gives what came back before what is new, and counts none of its rows again', async () => {
  const worklist = new Worklist(read(shipment(1), shipment(3)));
  const first = await worklist.take();
  if (first) worklist.giveBack(first, first.messages);
  expect(await worklist.take()).toMatchObject({
    chunk: { firstRow: 1 },
    read: 0,
    rejects: [],
    isRepeated: true,
  });
  expect((await worklist.take())?.isRepeated).toBe(false);
});

it('gives what comes back while it waits for the end of the file', async () => {
  const worklist = new Worklist(read(shipment(1)));
  const first = await worklist.take();
  const waiting = worklist.take();
  if (first) worklist.giveBack(first, first.messages);
  expect((await waiting)?.isRepeated).toBe(true);
  expect(worklist.isEmpty).toBe(true);
});

it('fails every time once reading failed, so that no session hides it', async () => {
  const worklist = new Worklist(read(new Error('unreadable')));
  await expect(worklist.take()).rejects.toThrow('unreadable');
  await expect(worklist.take()).rejects.toThrow('unreadable');
});
