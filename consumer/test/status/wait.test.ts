import { EXIT } from '@csv2db/libs/exit.ts';
import { afterEach, expect, it, vi } from 'vitest';
import { toImport } from '../../src/status/import.ts';
import type { Look } from '../../src/status/look.ts';
import { wait } from '../../src/status/wait.ts';

type Depths = Look['depths'];
const EMPTY: Depths = { queue: 0, dead: 0, problem: undefined };
const BUSY: Depths = { queue: 1, dead: 0, problem: undefined };
const OUT: Depths = { queue: undefined, dead: undefined, problem: 'connection refused' };

const ANNOUNCEMENT = {
  begun: '2026-11-26T15:55:03.000Z',
  ended: '2026-11-26T15:55:04.000Z',
  files: [{ name: 'rows.csv', bytes: 100 }],
  fileCount: 1,
  bytes: 100,
  firstRow: 1,
  lastRow: 3,
};
/** An import of three rows that nothing has happened to for long, and one of them is missing. */
const INCOMPLETE = toImport(
  {
    importId: 'one',
    announcements: [JSON.stringify(ANNOUNCEMENT)],
    entries: 1,
    covered: 2,
    dead: 0,
    rejected: 0,
    skipped: 0,
    inserted: 2,
    unnumbered: 0,
    lowest: 1,
    highest: 2,
    lastRecorded: new Date('2026-11-26T15:55:04.000Z'),
    idle: 100,
    recent: 0,
    recentSeconds: 0,
  },
  false,
);

afterEach(() => {
  vi.restoreAllMocks();
});

const seen = (imports: Look['imports'], depths: Depths): Look => {
  return { imports, foreign: undefined, depths };
};

/** Waits for so many seconds, as far as it can tell, until all of that was seen. */
async function waitFor(seconds: number, ...looks: Look[]) {
  const stop = new AbortController();
  const lookAtIt = vi.fn<() => Promise<Look>>().mockImplementation(() => {
    stop.abort();
    return new Promise(() => {});
  });
  for (const look of looks) lookAtIt.mockResolvedValueOnce(look);
  const now = performance.now();
  vi.spyOn(performance, 'now')
    .mockReturnValueOnce(now)
    .mockReturnValue(now + seconds * 1000);
  return await wait(lookAtIt, stop.signal, () => {});
}

it('gives up an import that is not known after 30 s, but not while messages wait', async () => {
  const last = seen([], EMPTY);
  expect(await waitFor(30, seen([], BUSY), last)).toEqual({ status: EXIT.failed, last });
});

it('gives up an import whose rows are missing after 30 s, and not before', async () => {
  const last = seen([INCOMPLETE], EMPTY);
  expect(INCOMPLETE).toMatchObject({ state: 'incomplete', pending: 1 });
  expect(await waitFor(30, last)).toEqual({ status: EXIT.failed, last });
  expect(await waitFor(29, last)).toEqual({ status: EXIT.timedOut, last });
});

it('goes on while the broker is out, since what is missing may be there', async () => {
  const last = seen([INCOMPLETE], OUT);
  expect(await waitFor(1_000, last)).toEqual({ status: EXIT.timedOut, last });
});
