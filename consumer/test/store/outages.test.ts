import { TransientError } from '@csv2db/libs/errors.ts';
import { pino } from 'pino';
import { beforeEach, expect, it } from 'vitest';
import { SetUpError } from '../../src/database/problem.ts';
import { Outages } from '../../src/store/outages.ts';

const never = new AbortController().signal;
let lines: string[];
let outages: Outages;

beforeEach(() => {
  lines = [];
  const write = (line: string): void => void lines.push(/"msg":"(.*)"/.exec(line)?.[1] ?? '');
  outages = new Outages(pino({}, { write }));
});

/** An attempt that fails with each of the errors in turn, and then works. */
function failing(...errors: Error[]): () => Promise<string> {
  const left = [...errors];
  return () => {
    const error = left.shift();
    return error ? Promise.reject(error) : Promise.resolve('stored');
  };
}

it('says nothing about what works at once', async () => {
  expect(await outages.outlast(failing(), never, Infinity)).toBe('stored');
  expect(lines).toEqual([]);
});

it('tells of an outage once, in whatever ways it shows, and of its end', async () => {
  const attempt = failing(new TransientError('gone'), new TransientError('starting up'));
  expect(await outages.outlast(attempt, never, Infinity)).toBe('stored');
  expect(lines).toEqual(['gone; storing pauses until it works', 'PostgreSQL works again']);
});

it('tells of an outage once, however many wait for its end', async () => {
  const attempts = [1, 2, 3].map(() => failing(new TransientError('gone')));
  await Promise.all(attempts.map((attempt) => outages.outlast(attempt, never, Infinity)));
  expect(lines).toEqual(['gone; storing pauses until it works', 'PostgreSQL works again']);
});

it('tells of each thing to mend, also when it comes to light in an outage', async () => {
  const attempt = failing(new TransientError('gone'), new SetUpError('no table'));
  await outages.outlast(attempt, never, Infinity);
  expect(lines).toEqual([
    'gone; storing pauses until it works',
    'no table; storing pauses until it works',
    'PostgreSQL works again',
  ]);
});

it('ends with the last error when the patience is over, and goes on with the same outage', async () => {
  const attempt = failing(...Array.from({ length: 3 }, () => new TransientError('gone')));
  await expect(outages.outlast(attempt, never, 0)).rejects.toThrow('gone');
  expect(await outages.outlast(attempt, never, Infinity)).toBe('stored');
  expect(lines).toEqual(['gone; storing pauses until it works', 'PostgreSQL works again']);
});

it('ends at once with what is no outage', async () => {
  const attempt = failing(new RangeError('a defect'));
  await expect(outages.outlast(attempt, never, Infinity)).rejects.toThrow('a defect');
  expect(lines).toEqual([]);
});
