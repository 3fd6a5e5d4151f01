import { describe, expect, it } from 'vitest';
import { isLoopback, isOwnName } from '../../src/metrics/host.ts';

describe('a name under which a request comes', () => {
  it.each([
    undefined,
    'localhost',
    'LOCALHOST:9464',
    'page.localhost:9464',
    '127.0.0.1:9464',
    '10.0.0.7',
    '[::1]:9464',
    'metrics.internal:9464',
  ])('%s leads here', (header) => {
    expect(isOwnName(header, 'Metrics.internal')).toBe(true);
  });

  it.each([
    '',
    'evil.example',
    'evil.example:9464',
    'localhost.evil.example',
    'evillocalhost',
    '127.0.0.1.evil.example',
    '[::1].evil.example',
    'metrics.internal.evil.example',
  ])('%s may be that of a foreign site', (header) => {
    expect(isOwnName(header, 'metrics.internal')).toBe(false);
  });
});

it.each([
  ['127.0.0.1', true],
  ['127.8.9.10', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['10.0.0.7', false],
  ['::ffff:10.0.0.7', false],
  ['fd00::1', false],
])('only this machine reaches %s: %s', (address, isIt) => {
  expect(isLoopback(address)).toBe(isIt);
});
