import { stringWidth } from '@csv2db/libs/width.ts';
import { expect, it } from 'vitest';
import type { Import } from '../../src/status/import.ts';
import { table } from '../../src/status/table.ts';

const RUNNING: Import = {
  import: '5f2c9a1e-8d41-4a53-9d0f-6a1b2c3d4e5f',
  files: [{ name: 'exports/customers-of-the-north.csv', bytes: null }],
  fileCount: 1,
  bytes: null,
  begun: '2026-11-26T15:55:03.123Z',
  ended: '2026-11-26T15:56:03.123Z',
  recorded: '2026-11-26T15:56:03.123Z',
  state: 'running',
  read: 10_000_000,
  expected: 10_000_000,
  rejected: 100_000,
  inserted: 5_000_000,
  duplicate: 100_000,
  skipped: 0,
  dead: 1234,
  pending: 4_798_766,
  doubled: 0,
  unnumbered: 0,
  firstRow: 1,
  lastRow: 10_000_000,
  highestRow: 9_999_999,
  rowsPerSecond: 45_210,
  etaSeconds: 107,
};
const OTHER: Import = {
  ...RUNNING,
  import: '5f2c9a1f',
  state: 'incomplete',
  files: [],
  etaSeconds: null,
};

it('shows everything where there is room', () => {
  expect(table([RUNNING, OTHER], 200)).toEqual([
    'import   file                       begun                 read rejected inserted duplicate dead pending rows/s   ETA state',
    '5f2c9a1e customers-of-the-north.csv 2026-11-26T15:55Z 10000000   100000  5000000    100000 1234 4798766  45210 1m47s running',
    '5f2c9a1f ?                          2026-11-26T15:55Z 10000000   100000  5000000    100000 1234 4798766  45210       incomplete',
  ]);
});

it('shortens the file, and tells the rate in a note, on 80 columns', () => {
  expect(table([RUNNING], 80)).toEqual([
    'import file                read rejected inserted duplicate dead pending state',
    '5f2c9a custome…rth.csv 10000000   100000  5000000    100000 1234 4798766 running',
    '5f2c9a: 45210 rows/s, 1m47s left',
  ]);
});

it('marks what is an estimate, and what is not known', () => {
  const open = { ...RUNNING, rejected: 0, read: null, pending: null };
  expect(table([open, { ...open, import: 'pipe', expected: null }], 80)).toEqual([
    'import file               read rejected inserted duplicate dead  pending state',
    '5f2c9a custom…th.csv ~10000000        0  5000000    100000 1234 ~4900000 running',
    'pipe   custom…th.csv  9999999+        0  5000000    100000 1234        ? running',
    '5f2c9a: 45210 rows/s, 1m47s left',
    'pipe: 45210 rows/s, 1m47s left',
  ]);
});

it('leaves out the rate and the columns with nothing in them rather than when an import began', () => {
  const done: Import = { ...OTHER, state: 'complete', read: 10, pending: 0 };
  expect(table([done], 120)).toEqual([
    'import file begun             read rejected inserted duplicate dead pending rows/s state',
    '5f2c9a ?    2026-11-26T15:55Z   10   100000  5000000    100000 1234       0  45210 complete',
  ]);
  expect(table([{ ...done, skipped: 1 }], 86)).toEqual([
    'import file begun             read rejected inserted duplicate dead pending state',
    '5f2c9a ?    2026-11-26T15:55Z   10   100000  5000000    100000 1234       0 complete',
    '5f2c9a: skipped by the database: 1',
  ]);
});

it('leaves out what matters least on 40 columns', () => {
  expect(table([RUNNING], 40)).toEqual([
    'import inserted dead pending state',
    '5f2c9a  5000000 1234 4798766 running',
    '5f2c9a: 45210 rows/s, 1m47s left',
  ]);
});

it('is never wider than the terminal, from 40 columns on', () => {
  for (let width = 40; width <= 200; width += 1) {
    const [heading = '', ...rows] = table([RUNNING, OTHER], width);
    for (const line of [heading, ...rows]) expect(stringWidth(line)).toBeLessThanOrEqual(width);
  }
});

it('keeps its columns in line, however wide characters are', () => {
  const wide = { ...RUNNING, files: [{ name: '名簿👩‍👩‍👧.csv', bytes: null }] };
  const lines = table([wide, OTHER], 200);
  const widths = lines.map((line) => stringWidth(line.slice(0, line.lastIndexOf(' '))));
  expect(new Set(widths).size).toBe(1);
});

it('tells ids apart, and times as a person does', () => {
  const etas = [59, 61, 3600, 7384].map((etaSeconds, place) => ({
    ...RUNNING,
    import: `import-${place}`,
    etaSeconds,
  }));
  const [, ...rows] = table(etas, 200);
  expect(rows.map((row) => row.match(/^(\S+) .* 45210 +(\S+) running$/)?.slice(1))).toEqual([
    ['import-0', '59s'],
    ['import-1', '1m01s'],
    ['import-2', '1h00m'],
    ['import-3', '2h03m'],
  ]);
});

it('shows notes on what has no column of its own', () => {
  const rest = { ...RUNNING, skipped: 7, doubled: 2, unnumbered: 3 };
  expect(table([rest], 80).slice(2)).toEqual([
    '5f2c9a: 45210 rows/s, 1m47s left',
    '5f2c9a: skipped by the database: 7',
    '5f2c9a: stored more than once: 2',
    '5f2c9a: beside these, without their numbers: 3',
  ]);
});
