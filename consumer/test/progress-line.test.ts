import { expect, it } from 'vitest';
import { progressLine } from '../src/progress-line.ts';

const NOW = {
  rowsPerSecond: 12_345,
  queued: 1_234_567,
  lag: 2.6,
  dead: 12,
  queue: 'up',
  database: 'up',
};

it.each([
  [90, '12,345 rows/s  1,234,567 messages queued  lag 3s  12 dead  RabbitMQ up  PostgreSQL up'],
  [79, '12,345 rows/s  1,234,567 queued  lag 3s  12 dead  RabbitMQ up  PostgreSQL up'],
  [60, '12,345 rows/s  1,234,567 queued  lag 3s  12 dead'],
  [39, '12,345 rows/s  1,234,567 queued  lag 3s'],
  [20, '12,345 rows/s'],
])('a line of %i columns leaves out first what matters least', (width, line) => {
  expect(progressLine(NOW, width)).toBe(line);
});

const OUT = { ...NOW, rowsPerSecond: 0, queued: undefined, lag: undefined, dead: 0 };
const DOWN = { reason: 'connection refused' };

it.each([
  [79, '0 rows/s  RabbitMQ up  PostgreSQL down (connection refused)'],
  [50, '0 rows/s  PostgreSQL down (connection refused)'],
  [39, 'PostgreSQL down (connection refused)'],
  [35, 'PostgreSQL down (connecti… refused)'],
  [20, 'PostgreSQL down'],
])('one of %i columns says which server is down, and why', (width, line) => {
  expect(progressLine({ ...OUT, database: DOWN }, width)).toBe(line);
});

it.each([
  [
    100,
    '0 rows/s  RabbitMQ down (connection refused), next try in 3 s  PostgreSQL down (connection refused)',
  ],
  [79, 'RabbitMQ down (connection refused)  PostgreSQL down (connection refused)'],
  [39, 'RabbitMQ down  PostgreSQL down'],
])('one of %i columns says so of both, as far as there is room', (width, line) => {
  const queue = { ...DOWN, next: 'next try in 3 s' };
  expect(progressLine({ ...OUT, queue, database: DOWN }, width)).toBe(line);
});
