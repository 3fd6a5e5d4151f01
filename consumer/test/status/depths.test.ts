import { EventEmitter } from 'node:events';
import type * as connecting from '@csv2db/libs/queue/connect.ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DepthGauge } from '../../src/status/depths.ts';

const CONFIG = {
  addresses: [],
  user: 'user',
  password: () => '',
  tls: undefined,
  flags: { address: '--queue-addr', login: '--queue-user' },
  name: 'csv2db',
  deadName: 'csv2db.dead',
  type: 'quorum',
} as const;

const connections = vi.hoisted((): Connection[] => []);

/** A connection to a broker that may stop answering. */
class Connection extends EventEmitter {
  answers = true;

  createChannel(): Promise<object> {
    const channel = Object.assign(new EventEmitter(), {
      checkQueue: async () => Promise.resolve({ messageCount: 7 }),
      close: () => this.close(),
    });
    return this.#answer(channel);
  }

  close(): Promise<object> {
    return this.#answer({});
  }

  async #answer(answer: object): Promise<object> {
    return this.answers ? answer : await new Promise(() => {});
  }
}

vi.mock('@csv2db/libs/queue/connect.ts', async (original) => ({
  ...(await original<typeof connecting>()),
  connectToFirst: async () => {
    const connection = new Connection();
    connections.push(connection);
    return await Promise.resolve(connection);
  },
}));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('the end of a connection that did not answer is not that of the next one', async () => {
  const gauge = new DepthGauge(CONFIG);
  const depths = { queue: 7, dead: 7, problem: undefined };
  expect(await gauge.read()).toEqual(depths);
  const [first] = connections;
  Object.assign(first ?? {}, { answers: false });
  const silent = gauge.read();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await silent).toMatchObject({ problem: 'it does not answer' });
  expect(await gauge.read()).toEqual(depths);
  first?.emit('close');
  expect(await gauge.read()).toEqual(depths);
  expect(connections).toHaveLength(2);
});
