import { CONTACT_COLUMNS } from '@csv2db/libs/message.ts';
import { describe, expect, it } from 'vitest';
import { pack, type Packed, packSmaller } from '../src/pack.ts';
import type { ValuesRun } from '../src/validate.ts';

function run(firstRow: number, count: number, name = 'N'): ValuesRun {
  const rows = Array.from({ length: count }, (_, n) => [name, `${firstRow + n}@b`]);
  return { kind: 'values', firstRow, rows };
}

/** The number of each row in some messages, from its email. */
function rowsOf(messages: readonly Packed[]): number[] {
  return messages.flatMap(({ firstRow, rows, body }) => {
    const lines = body.toString().trimEnd().split('\n');
    expect(lines).toHaveLength(rows);
    const numbers = lines.map((line) => Number.parseInt(line.split(',')[1] ?? '', 10));
    expect(numbers[0]).toBe(firstRow);
    return numbers;
  });
}

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n);

describe('rows are packed', () => {
  it('one in each message, as the original has it', () => {
    const messages = pack([run(1, 3)], CONTACT_COLUMNS, 1);
    expect(messages.map(({ body }) => body.toString())).toEqual([
      '{"name":"N","email":"1@b"}',
      '{"name":"N","email":"2@b"}',
      '{"name":"N","email":"3@b"}',
    ]);
  });

  it('so many at most, and none together with rows behind a rejected one', () => {
    const messages = pack([run(1, 5), run(7, 2)], CONTACT_COLUMNS, 3);
    expect(messages.map(({ firstRow, rows }) => [firstRow, rows])).toEqual([
      [1, 3],
      [4, 2],
      [7, 2],
    ]);
    expect(rowsOf(messages)).toEqual([...numbers(1, 5), 7, 8]);
  });

  it('of one column that is NULL as JSON, because a blank line is no row', () => {
    const rows = [['a'], [null], ['']];
    const [a, b, c] = pack([{ kind: 'values', firstRow: 1, rows }], ['x'], 100);
    expect([a, b, c].map((message) => message?.body.toString())).toEqual([
      '{"x":"a"}',
      '{"x":null}',
      '{"x":""}',
    ]);
  });

  it('in bodies of 256 KiB at most, and a longer row alone', () => {
    const messages = pack(
      [run(1, 10, 'x'.repeat(100_000)), run(11, 1, 'x'.repeat(500_000))],
      CONTACT_COLUMNS,
      1000,
    );
    expect(messages.map(({ rows }) => rows)).toEqual([2, 2, 2, 2, 2, 1]);
    const exact = pack(
      [run(1, 1024, 'x'.repeat(256 - '1000@b,\n'.length))],
      CONTACT_COLUMNS,
      10_000,
    );
    expect(exact[0]?.body.length).toBeLessThanOrEqual(256 * 1024);
    expect(exact[0]?.body.length).toBeGreaterThan(254 * 1024);
  });
});

describe('a message that the broker finds too large', () => {
  it('is parted until each part fits, and keeps its rows', () => {
    const [message] = pack([run(100, 50)], CONTACT_COLUMNS, 1000);
    if (!message) throw new Error('there is no message');
    const parts = packSmaller(message, 200);
    expect(parts.every(({ body }) => body.length <= 200)).toBe(true);
    expect(rowsOf(parts)).toEqual(numbers(100, 149));
  });

  it('is not parted at a line break in quotes', () => {
    const [message] = pack([run(1, 8, 'two\n"lines"\n')], CONTACT_COLUMNS, 1000);
    if (!message) throw new Error('there is no message');
    const parts = packSmaller(message, 80);
    expect(parts.map(({ firstRow, rows }) => [firstRow, rows])).toEqual([
      [1, 2],
      [3, 2],
      [5, 2],
      [7, 2],
    ]);
    expect(Buffer.concat(parts.map(({ body }) => body))).toEqual(message.body);
  });

  it('stays what it is when it is one row', () => {
    const [message] = pack([run(1, 1, 'x'.repeat(1000))], CONTACT_COLUMNS, 1);
    if (!message) throw new Error('there is no message');
    expect(packSmaller(message, 200)).toEqual([message]);
  });
});
