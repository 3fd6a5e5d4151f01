import { EXIT } from '@csv2db/libs/exit.ts';
import { afterEach, expect, it, vi } from 'vitest';
import type { Look } from '../../src/status/look.ts';
import { wait } from '../../src/status/wait.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** What is seen of an import that nobody has told of yet, while so many messages wait. */
const unknownWhile = (queue: number): Look => ({
  imports: [],
  foreign: undefined,
  depths: { queue, dead: 0, problem: undefined },
});

it('gives up an import that is not known after 30 s, but not while messages wait', async () => {
  const [busy, empty] = [unknownWhile(1), unknownWhile(0)];
  const lookAtIt = vi.fn<() => Promise<Look>>().mockResolvedValueOnce(busy);
  lookAtIt.mockResolvedValue(empty);
  const now = performance.now();
  vi.spyOn(performance, 'now')
    .mockReturnValueOnce(now)
    .mockReturnValue(now + 30_000);
  const ending = await wait(lookAtIt, new AbortController().signal, () => {});
  expect(ending).toEqual({ status: EXIT.failed, last: empty });
  expect(lookAtIt).toHaveBeenCalledTimes(2);
});
