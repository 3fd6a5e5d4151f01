import { expect, it } from 'vitest';
import { continuation } from '../src/continuation.ts';

const words = (args: string[], rest: object = {}): string =>
  continuation({ args, rows: 12, limit: Infinity, canResume: true, importId: 'i-1', ...rest })
    .split(' ')
    .slice(1)
    .join(' ');

it.each<[string[], object, string]>([
  [['--file', 'a.csv'], {}, '--file a.csv --resume'],
  [['--file', 'a.csv'], { canResume: false }, '--file a.csv --import-id i-1 --offset 12'],
  [['--file', 'a.csv', '--limit', '9'], { limit: 3 }, '--file a.csv --resume --limit 3'],
  [['--file', 'a.csv', '--queue-pass', 'secret'], {}, '--file a.csv --resume'],
  [
    ['--queue-url', 'amqps://ann:p%40ss@a/team,amqps://ann:p%40ss@b', '--file', 'a'],
    {},
    '--queue-url amqps://ann@a/team,amqps://ann@b --file a --resume',
  ],
  [
    ['--queue-url=amqp://ann:a=b@a', '--file', 'a'],
    {},
    '--queue-url=amqp://ann@a --file a --resume',
  ],
  [['--queue-pass-file', '/p', '--file', 'a'], {}, '--queue-pass-file /p --file a --resume'],
  [['--file=a b.csv', '--resume', '--offset=3'], {}, "'--file=a b.csv' --resume"],
  [['--import-id', 'i', '--file', 'a'], {}, '--import-id i --file a --resume'],
  [
    ['--import-id', 'i', '--file', 'a'],
    { canResume: false },
    '--file a --import-id i-1 --offset 12',
  ],
  [
    ['--checkpoint', 'none', '--file', 'a'],
    { canResume: false },
    '--file a --import-id i-1 --offset 12',
  ],
  [
    ['--rejects', 'r', '--file', 'a'],
    { canResume: false, rejects: 'r-2' },
    '--file a --import-id i-1 --offset 12 --rejects r-2',
  ],
])('of %j with %j, the command to go on is %s', (args, rest, expected) => {
  expect(words(args, rest)).toBe(expected);
});
