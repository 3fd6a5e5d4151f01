import { QueueState } from '@csv2db/libs/queue/state.ts';
import { expect, it } from 'vitest';
import { databaseServer, queueServer } from '../../src/page/servers.ts';

/** A broker that the consumer is connected to. */
class Connected extends QueueState {
  override problem(): undefined {}
}

class Blocked extends Connected {
  override alarm(): string {
    return 'blocked: low on memory';
  }
}

class GivenBack extends Connected {
  override isGivenBack(): boolean {
    return true;
  }
}

function away(): QueueState {
  const queue = new QueueState();
  queue.wanted();
  queue.out(new Error("RabbitMQ can't be reached"));
  return queue;
}

it.each([
  ['up', 'up', new Connected(), true],
  ['up, deliveries wait for PostgreSQL', 'waits', new Connected(), false],
  ['deliveries wait for PostgreSQL', 'waits', new GivenBack(), false],
  ['up, but blocked: low on memory', 'waits', new Blocked(), true],
  // the consumer has just begun
  ['waits for PostgreSQL', 'waits', new QueueState(), true],
  ["down, connecting: RabbitMQ can't be reached", 'down', away(), true],
  ["down, waits for PostgreSQL: RabbitMQ can't be reached", 'down', away(), false],
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
