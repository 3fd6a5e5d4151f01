import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fitted } from '../src/fitted.ts';
import { stringWidth } from '../src/width.ts';

const PARTS = [
  { text: '45%', rank: 1 },
  { text: '1,234 rows', rank: 2 },
  { text: 'blocked: low on memory', rank: 0, isShortened: true },
];

it.each([
  [40, '45%  1,234 rows  blocked: low on memory'],
  [39, '45%  1,234 rows  blocked: low on memory'],
  [38, '45%  blocked: low on memory'],
  [27, '45%  blocked: low on memory'],
  [26, 'blocked: low on memory'],
  [20, 'blocked: … on memory'],
])('a line of %i columns has of its parts what matters most', (width, line) => {
  expect(stringWidth(fitted(PARTS, width))).toBeLessThanOrEqual(width);
  expect(fitted(PARTS, width)).toBe(line);
});

it('parts that matter as much are shortened together where they do not fit', () => {
  const parts = ['RabbitMQ reconnecting in 3 s', 'PostgreSQL down'].map((text) => ({
    text,
    rank: 0,
  }));
  expect(fitted(parts, 39)).toBe('RabbitMQ reconnecti… s  PostgreSQL down');
});

it('what is shortened is what matters least of what is left', () => {
  const parts = [
    { text: 'PostgreSQL down', rank: 0 },
    { text: '(no route to the host)', rank: 1, gap: ' ', isShortened: true },
    { text: 'next try in 3 s', rank: 2, gap: ', ' },
  ];
  expect(fitted(parts, 55)).toBe('PostgreSQL down (no route to the host), next try in 3 s');
  expect(fitted(parts, 54)).toBe('PostgreSQL down (no route to the host)');
  expect(fitted(parts, 37)).toBe('PostgreSQL down (no route … the host)');
  expect(fitted(parts, 31)).toBe('PostgreSQL down');
});

it.each(['\t', '\n', ' \r\n\t'])('what a part has of %j is one space on the line', (space) => {
  expect(fitted([{ text: `low on${space}memory`, rank: 0 }], 40)).toBe('low on memory');
});

it('no line is wider than it may be, whatever its parts are', () => {
  const part = fc.record({
    text: fc.string({ unit: 'grapheme' }),
    rank: fc.nat(5),
    isShortened: fc.boolean(),
  });
  const property = fc.property(fc.array(part), fc.integer({ min: 1, max: 200 }), (parts, width) => {
    expect(stringWidth(fitted(parts, width))).toBeLessThanOrEqual(width);
  });
  fc.assert(property);
});
