import { QueueState } from '@csv2db/libs/queue/state.ts';
import { expect, it, vi } from 'vitest';
import { databaseServer, queueServer } from '../../src/page/servers.ts';

/** A broker that the consumer is connected to. */
function connected(): QueueState {
  const queue = new QueueState();
  vi.spyOn(queue, 'isConnected', 'get').mockReturnValue(true);
  return queue;
}

function blocked(): QueueState {
  const queue = connected();
  vi.spyOn(queue, 'alarm').mockReturnValue('blocked: low on memory');
  return queue;
}

function connecting(): QueueState {
  const queue = new QueueState();
  queue.connecting();
  return queue;
}

function away(): QueueState {
  const queue = connecting();
  queue.out(new Error("RabbitMQ can't be reached"));
  return queue;
}

it.each([
  ['up', 'up', connected(), true],
  ['up, deliveries wait for PostgreSQL', 'waits', connected(), false],
  ['up, but blocked: low on memory', 'waits', blocked(), true],
  // the consumer has just begun, or gave everything back
  ['waits for PostgreSQL', 'waits', new QueueState(), true],
  ['connecting', 'waits', connecting(), true],
  ["down, connecting: RabbitMQ can't be reached", 'down', away(), true],
])('RabbitMQ: %s', (words, state, queue, isStoring) => {
  expect(queueServer(queue, isStoring)).toEqual({ state, words });
});

it('PostgreSQL is up or down, and why', () => {
  expect(databaseServer(undefined)).toEqual({ state: 'up', words: 'up' });
  expect(databaseServer('out of\nconnections')).toEqual({
    state: 'down',
    words: 'down: out of connections',
  });
});
