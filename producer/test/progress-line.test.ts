import { expect, it } from 'vitest';
import { progressLine } from '../src/progress-line.ts';

const NOW = {
  share: 0.4567,
  read: 1_234_000,
  rowsPerSecond: 98_123.4,
  rejected: 12,
  unconfirmed: 20_000,
  secondsLeft: 82.1,
  state: 'publishing',
};

it.each([
  [100, '45%  1,234,000 rows  98,123/s  12 rejected  20,000 unconfirmed  ETA 1m23s  publishing'],
  [80, '45%  1,234,000 rows  98,123/s  12 rejected  ETA 1m23s  publishing'],
  [60, '45%  1,234,000 rows  98,123/s  ETA 1m23s  publishing'],
  [40, '45%  98,123/s  ETA 1m23s  publishing'],
  [20, '45%  publishing'],
  [8, 'pub…hing'],
])('a line of %i columns leaves out first what matters least', (width, line) => {
  expect(progressLine(NOW, width)).toBe(line);
});

it('what is not known, and what there is none of, is not shown', () => {
  const piped = { ...NOW, share: undefined, secondsLeft: undefined, rejected: 0, unconfirmed: 0 };
  expect(progressLine(piped, 80)).toBe('1,234,000 rows  98,123/s  publishing');
});

it('100% is only shown when everything is read', () => {
  const done = { ...NOW, secondsLeft: undefined, rejected: 0, unconfirmed: 0 };
  expect(progressLine({ ...done, share: 0.9999 }, 80)).toMatch(/^99%/);
  expect(progressLine({ ...done, share: 1 }, 80)).toMatch(/^100%/);
});

it.each([
  [79, '45%  1,234,000 rows  waits for RabbitMQ (connection refused), next try in 3 s'],
  [60, '45%  waits for RabbitMQ (connection refused)'],
  [39, 'waits for RabbitMQ (connection refused)'],
])('a line of %i columns says which server it waits for, and why', (width, line) => {
  const state = { reason: 'connection refused', next: 'next try in 3 s' };
  expect(progressLine({ ...NOW, secondsLeft: undefined, state }, width)).toBe(line);
});
