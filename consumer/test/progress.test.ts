import { pino } from 'pino';
import { expect, it, vi } from 'vitest';
import { Progress } from '../src/progress.ts';

// the time in which nothing was stored counted for the rows behind it
it('a rate is of the time since the last look, however long nothing was stored before', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const lines: string[] = [];
  const log = pino({ base: null }, { write: (line: string) => lines.push(line) });
  const progress = new Progress(log);
  const store = (inserted: number): void => {
    const outcome = { inserted, duplicates: 0, skipped: [], refusals: [] };
    progress.count([], outcome, 1);
  };
  const look = (): unknown => {
    vi.advanceTimersByTime(10_000);
    progress.say(undefined);
    const line = lines.splice(0).join('');
    return line === '' ? undefined : JSON.parse(line);
  };
  store(50);
  expect(look()).toMatchObject({ inserted: 50, rowsPerSecond: 5 });
  for (let looks = 0; looks < 3; looks += 1) expect(look()).toBeUndefined();
  store(100);
  expect(look()).toMatchObject({ inserted: 150, rowsPerSecond: 10 });
  vi.useRealTimers();
});
