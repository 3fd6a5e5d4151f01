import { describe, expect, it } from 'vitest';
import { withDoubleDashes } from '../../src/options/go-flags.ts';
import { addresses, integer, queueName } from '../../src/options/values.ts';

describe("Go's spellings of flags", () => {
  const commands = [
    {
      options: [
        { long: '--file', required: true },
        { long: '--queue-pass', required: true },
        { long: '--version', required: false },
      ],
    },
  ];

  it.each([
    [
      ['-file', 'x'],
      ['--file', 'x'],
    ],
    [
      ['--file', 'x'],
      ['--file', 'x'],
    ],
    [['-file=x'], ['--file=x']],
    [['--file=x'], ['--file=x']],
    [
      ['-version', '-file', 'x'],
      ['--version', '--file', 'x'],
    ],
    [['-h'], ['-h']],
    [
      ['-queue-pass', '-file', '-file', '-queue-pass'],
      ['--queue-pass', '-file', '--file', '-queue-pass'],
    ],
    [
      ['-queue-pass=-x', '-file', 'x'],
      ['--queue-pass=-x', '--file', 'x'],
    ],
    [
      ['-', '--', '-file'],
      ['-', '--', '-file'],
    ],
    [['-unknown'], ['--unknown']],
    [['-file'], ['--file']],
  ])('%j means %j', (args, expected) => {
    expect(withDoubleDashes(args, commands)).toEqual(expected);
  });
});

describe('an address', () => {
  it.each([
    ['queue:5672', { host: 'queue', port: 5672, vhost: '/' }],
    ['0.0.0.0:1', { host: '0.0.0.0', port: 1, vhost: '/' }],
    ['[::1]:65535', { host: '::1', port: 65535, vhost: '/' }],
    ['queue:5672/', { host: 'queue', port: 5672, vhost: '/' }],
    ['queue:5672/team', { host: 'queue', port: 5672, vhost: 'team' }],
    ['queue:5672/a%2Fb', { host: 'queue', port: 5672, vhost: 'a/b' }],
  ])('%s is understood', (text, expected) => {
    expect(addresses(text)).toEqual([expected]);
  });

  it.each([
    '',
    'queue',
    'queue:',
    ':5672',
    'queue:0',
    'queue:65536',
    'queue:x',
    '::1:5672',
    'a b:1',
  ])('%j is refused', (text) => {
    expect(() => addresses(text)).toThrow(/host:port/);
  });

  it('with a broken percent-encoding is refused', () => {
    expect(() => addresses('queue:5672/%E0')).toThrow(/percent-encoding/);
  });
});

describe('a whole number', () => {
  it.each(['1', '7', '10'])('%s is within 1 and 10', (text) => {
    expect(integer(1, 10)(text)).toBe(Number(text));
  });

  it.each(['', '0', '11', '-1', '1.5', '1e1', '0x1', ' 1', 'one', 'NaN'])(
    '%j is refused',
    (text) => {
      expect(() => integer(1, 10)(text)).toThrow(/from 1 to 10/);
    },
  );
});

describe('the name of a queue', () => {
  it.each(['csv2db', 'a b', 'Zeilen ä', 'x'.repeat(255)])('%j is taken', (name) => {
    expect(queueName(name)).toBe(name);
  });

  it.each([
    ['', /1 to 255 bytes/],
    ['ä'.repeat(128), /1 to 255 bytes/],
    ['a\nb', /control character/],
    ['a\u0000', /control character/],
    [' a', /space at one of its ends/],
    ['a\u00a0', /space at one of its ends/],
  ])('%j is refused', (name, message) => {
    expect(() => queueName(name)).toThrow(message);
  });
});
