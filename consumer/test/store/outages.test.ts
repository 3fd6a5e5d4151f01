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

function gone(times: number): Error[] {
  return Array.from({ length: times }, () => new TransientError('gone'));
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
  // the pause before the third attempt is longer than the first one: some work while others wait
  const attempts = [1, 3].map((times) => failing(...gone(times)));
  await Promise.all(attempts.map((attempt) => outages.outlast(attempt, never, Infinity)));
  expect(lines).toEqual(['gone; storing pauses until it works', 'PostgreSQL works again']);
});

it('tells of each thing to mend once, also when it comes to light in an outage', async () => {
  const problems = ['no table', 'no table', 'no rights'].map((problem) => new SetUpError(problem));
  await outages.outlast(failing(...gone(1), ...problems), never, Infinity);
  expect(lines).toEqual([
    'gone; storing pauses until it works',
    'no table; storing pauses until it works',
    'no rights; storing pauses until it works',
    'PostgreSQL works again',
  ]);
});

it.each<[string, () => Error]>([
  ['outage', () => new TransientError('out')],
  ['thing to mend', () => new SetUpError('out')],
])('tells of the next %s as of the first', async (_, problem) => {
  await outages.outlast(failing(problem()), never, Infinity);
  await outages.outlast(failing(problem()), never, Infinity);
  const told = ['out; storing pauses until it works', 'PostgreSQL works again'];
  expect(lines).toEqual([...told, ...told]);
});

it('ends with the last error when the patience is over, and goes on with the same outage', async () => {
  await expect(outages.outlast(failing(...gone(50)), never, 10)).rejects.toThrow('gone');
  expect(await outages.outlast(failing(...gone(1)), never, Infinity)).toBe('stored');
  expect(lines).toEqual(['gone; storing pauses until it works', 'PostgreSQL works again']);
});

it('gives up when the signal is aborted', async () => {
  const stop = new AbortController();
  const stored = outages.outlast(failing(...gone(1)), stop.signal, Infinity);
  stop.abort();
  await expect(stored).rejects.toThrow('gone');
});

it('ends at once with what is no outage', async () => {
  const attempt = failing(new RangeError('a defect'));
  await expect(outages.outlast(attempt, never, Infinity)).rejects.toThrow('a defect');
  expect(lines).toEqual([]);
});
