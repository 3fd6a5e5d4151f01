import { QueueState } from '@csv2db/libs/queue/state.ts';
import { expect, it } from 'vitest';
import { databaseServer, queueServer } from '../../src/page/servers.ts';

/** A broker that the consumer is connected to. */
class Connected extends QueueState {
  override problem(): undefined {}
}

class Blocked extends Connected {
  override hindrance(): string {
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
  [new Connected(), true, 'up', 'up'],
  [new Connected(), false, 'waits', 'up, deliveries wait for PostgreSQL'],
  [new GivenBack(), false, 'waits', 'deliveries wait for PostgreSQL'],
  [new Blocked(), true, 'waits', 'up, but blocked: low on memory'],
  // the consumer has just begun
  [new QueueState(), true, 'waits', 'waits for PostgreSQL'],
  [away(), true, 'down', "down, connecting: RabbitMQ can't be reached"],
  [away(), false, 'down', "down, waits for PostgreSQL: RabbitMQ can't be reached"],
])('%o is told as what the consumer does with it', (queue, isStoring, state, words) => {
  expect(queueServer(queue, isStoring)).toEqual({ state, words });
});

it('PostgreSQL is up or down, and why', () => {
  expect(databaseServer(undefined)).toEqual({ state: 'up', words: 'up' });
  expect(databaseServer('out of\nconnections')).toEqual({
    state: 'down',
    words: 'down: out of connections',
  });
});
