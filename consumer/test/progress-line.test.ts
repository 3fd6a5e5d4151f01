import { expect, it } from 'vitest';
import { progressLine } from '../src/progress-line.ts';

const UP = { word: 'up', problem: undefined };
const NOW = {
  rowsPerSecond: 12_345,
  queued: 1_234_567,
  lag: 2.6,
  dead: 12,
  queue: UP,
  database: UP,
};
const REFUSED = "PostgreSQL at db (--db-host, --db-port) can't be reached: connection refused";

it.each([
  [80, '12,345 rows/s  1,234,567 queued  lag 3s  12 dead  RabbitMQ up  PostgreSQL up'],
  [60, '12,345 rows/s  1,234,567 queued  lag 3s  12 dead'],
  [40, '12,345 rows/s  1,234,567 queued  lag 3s'],
  [20, '12,345 rows/s'],
])('a line of %i columns leaves out first what matters least', (width, line) => {
  expect(progressLine(NOW, width)).toBe(line);
});

it.each([
  [120, `0 rows/s  RabbitMQ up  PostgreSQL down  (${REFUSED})`],
  [80, '0 rows/s  RabbitMQ up  PostgreSQL down  (PostgreSQL at db (… connection refused)'],
  [40, '0 rows/s  PostgreSQL down'],
])('one of %i columns says which server is down, and why where there is room', (width, line) => {
  const database = { word: 'down', problem: REFUSED };
  const out = { ...NOW, rowsPerSecond: 0, queued: undefined, lag: undefined, dead: 0, database };
  expect(progressLine(out, width)).toBe(line);
});
