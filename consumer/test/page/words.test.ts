import { describe, expect, it } from 'vitest';
import { count, duration, percent, rough } from '../../page/format.ts';
import { noteOn } from '../../page/known.ts';
import { newsOf } from '../../page/news.ts';
import { inWords, nameOf, partsOf, pendingOf } from '../../page/outcomes.ts';
import { peakOf, rates } from '../../page/series.ts';
import type { ImportRow, Recent, Status } from '../../page/status.ts';

const ROW: ImportRow = {
  id: 'one',
  shortId: 'one',
  file: 'contacts.csv',
  fileCount: 1,
  begun: null,
  state: 'running',
  expected: 1_000_000,
  highestRow: 1_000_000,
  rowsPerSecond: null,
  etaSeconds: null,
  inserted: 600_000,
  duplicate: 0,
  skipped: 0,
  rejected: 0,
  dead: 1,
  pending: 399_999,
};

const RECENT: Recent = {
  end: 8_000,
  step: 2_000,
  inserted: [null, 10, 20, 0],
  duplicate: [null, 4, 0, 0],
  skipped: [null, 0, 0, 0],
  dead: [null, 2, 0, 0],
  depth: [null, null, 5, 0],
};

const UP = { state: 'up', words: 'up' } as const;

const STATUS: Status = {
  version: '1',
  now: 0,
  since: 0,
  queue: 'csv2db',
  table: 'contacts',
  servers: { queue: UP, database: UP },
  ledger: { value: { imports: [ROW], total: 1, foreign: null }, at: 0, problem: null },
  depths: { value: null, at: null, problem: null },
  recent: RECENT,
  refused: { reasons: [], others: 0 },
};

it.each([
  [count(1_234_567), '1,234,567'],
  [count(null), '–'],
  [rough(1_234_567), '1,230,000'],
  [duration(12), '12 s'],
  [duration(185), '3 min 5 s'],
  [duration(7_620), '2 h 7 min'],
  [percent(0.634), '63%'],
  [percent(0.000_001), '<0.1%'],
])('%s is %s', (shown, expected) => {
  expect(shown).toBe(expected);
});

describe('a bar of outcomes', () => {
  it('has a part for each that has rows, and is told in words', () => {
    expect(partsOf(ROW).map(({ outcome }) => outcome)).toEqual(['inserted', 'dead', 'pending']);
    expect(inWords(ROW)).toBe(
      '60% inserted (600,000 rows), <0.1% dead (1 row), 40% pending (399,999 rows)',
    );
  });

  it('is open while nobody knows how many rows there are', () => {
    const row = { ...ROW, pending: null, expected: null, dead: 0 };
    expect(pendingOf(row)).toBe(null);
    expect(inWords(row)).toBe('100% inserted (600,000 rows), and more to come');
    expect(inWords({ ...row, inserted: 0, pending: 0 })).toBe('no row');
  });

  it('says "about" of an estimate, and never that nothing is pending', () => {
    const row = { ...ROW, pending: null, dead: 0 };
    expect(pendingOf(row)).toBe(400_000);
    expect(inWords({ ...row, expected: 1_000_400 })).toBe(
      'of about 1,000,000 rows: 60% inserted (600,000 rows), 40% pending (about 400,000 rows)',
    );
    const tooLow = { ...row, expected: 600_000 };
    expect(partsOf(tooLow).map(({ outcome, share }) => [outcome, share])).toEqual([
      ['inserted', 1],
      ['pending', 0],
    ]);
    expect(partsOf({ ...tooLow, pending: 0 })).toHaveLength(1);
  });
});

it('an import is called by its files, or its id', () => {
  expect(nameOf(ROW)).toBe('contacts.csv');
  expect(nameOf({ ...ROW, fileCount: 3 })).toBe('contacts.csv +2');
  expect(nameOf({ ...ROW, file: null })).toBe('import one');
});

it('rates are stacked, the highest first, and unknown before the start', () => {
  expect(rates(RECENT)).toEqual([
    [0, 2, 4, 6],
    [null, 8, 10, 0],
    [null, 7, 10, 0],
    [null, 7, 10, 0],
    [null, 5, 10, 0],
  ]);
  expect(peakOf(RECENT)).toEqual({ now: 6, most: 10 });
});

describe('what is news', () => {
  const withRow = (row: Partial<ImportRow>): Status => ({
    ...STATUS,
    ledger: { ...STATUS.ledger, value: { imports: [{ ...ROW, ...row }], total: 1, foreign: null } },
  });

  it('is no number', () => {
    expect(newsOf(STATUS, withRow({ inserted: 600_001 }))).toEqual([]);
  });

  it('is a server that is down or up, and an import that began or changed its state', () => {
    const down: Status = {
      ...STATUS,
      servers: { queue: UP, database: { state: 'down', words: 'down: out' } },
    };
    expect(newsOf(STATUS, down)).toEqual(['PostgreSQL is down']);
    expect(newsOf(down, STATUS)).toEqual(['PostgreSQL is up']);
    expect(newsOf(STATUS, withRow({ state: 'complete' }))).toEqual([
      'contacts.csv is complete, with 1 dead row',
    ]);
    expect(newsOf(STATUS, withRow({ id: 'two', file: 'b.csv' }))).toEqual(['b.csv is running']);
  });
});

describe('a note on what is known', () => {
  const now = Date.UTC(2026, 10, 26, 12);

  it('is none where it is of now', () => {
    expect(noteOn({ value: 1, at: now - 2_000, problem: null }, now)).toBe(undefined);
  });

  it('says why it is not read, and of when it is', () => {
    expect(noteOn({ value: null, at: null, problem: null }, now)).toBe('Not known yet.');
    expect(noteOn({ value: null, at: null, problem: 'it is out' }, now)).toBe('It is out.');
    const old = /^It is out\. These numbers are of \d\d:\d\d:\d\d\.$/;
    expect(noteOn({ value: 1, at: now - 2_000, problem: 'it is out' }, now)).toMatch(old);
    expect(noteOn({ value: 1, at: now - 20_000, problem: null }, now)).toMatch(/^These numbers/);
  });
});
