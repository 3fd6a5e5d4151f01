import fc from 'fast-check';

/** What a row comes to in the end. */
const FATES = ['inserted', 'duplicate', 'skipped', 'dead', 'replayed', 'rejected'] as const;
export type Fate = (typeof FATES)[number];

/** An entry of the ledger, with the numbers of rows rather than ranges. */
export interface Entry {
  covered: number[];
  refused: number[];
  rejected: number[];
  skipped: number[];
  inserted: number;
}

/** An import: what its rows come to, by their numbers, and the entries in the order of their commits. */
export interface History {
  fates: ReadonlyMap<number, Fate>;
  entries: Entry[];
}

/** A batch that reaches a consumer. */
interface Batch {
  /** Which messages it has, as fractions of all. */
  messages: number[];
  /** How many of its rows are stored in a transaction of their own, as a fraction. */
  early: number;
  /** Whether the consumer crashes behind that. */
  isCrash: boolean;
}

const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const batch: fc.Arbitrary<Batch> = fc.record({
  messages: fc.array(fraction, { minLength: 1, maxLength: 4 }),
  early: fraction,
  isCrash: fc.boolean(),
});

/** Imports whose messages are delivered in any order, any number of times, in any batches, at last all of them. */
export const history: fc.Arbitrary<History> = fc
  .record({
    firstRow: fc.integer({ min: 1, max: 2 ** 40 }),
    fates: fc.array(
      fc.oneof(
        { weight: 4, arbitrary: fc.constant('inserted' as const) },
        fc.constantFrom(...FATES),
      ),
      { maxLength: 40 },
    ),
    sizes: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 8 }),
    batches: fc.array(batch, { maxLength: 20 }),
    lastBatch: fc.integer({ min: 1, max: 10 }),
  })
  .map(({ firstRow, fates, sizes, batches, lastBatch }) => {
    const byNumber = new Map(fates.map((fate, index) => [firstRow + index, fate]));
    const messages = messagesOf(byNumber, sizes);
    const entries = messages.length === 0 ? [] : entriesOf(byNumber, messages, batches, lastBatch);
    return { fates: byNumber, entries };
  });

interface Message {
  rows: number[];
  rejected: number[];
}

/** Rows that follow one another, at most as many as `sizes` say in turn; rejected ones go with their neighbours. */
function messagesOf(fates: ReadonlyMap<number, Fate>, sizes: readonly number[]): Message[] {
  const messages: Message[] = [];
  let rejected: number[] = [];
  let isOpen = false;
  for (const [row, fate] of fates) {
    if (fate === 'rejected') {
      rejected.push(row);
      isOpen = false;
      continue;
    }
    const last = messages.at(-1);
    const size = sizes[messages.length % sizes.length] ?? 1;
    if (isOpen && last && last.rows.length < size) last.rows.push(row);
    else messages.push({ rows: [row], rejected });
    if (!isOpen) rejected = [];
    isOpen = true;
  }
  if (rejected.length > 0) messages.push({ rows: [], rejected });
  return messages;
}

function entriesOf(
  fates: ReadonlyMap<number, Fate>,
  messages: readonly Message[],
  batches: readonly Batch[],
  lastBatch: number,
): Entry[] {
  const entries: Entry[] = [];
  const stored = new Set<number>();
  const deliver = (some: readonly Message[], { early, isCrash }: Batch, isLast: boolean): void => {
    const rows = some.flatMap((message) => message.rows);
    const isRefused = (row: number): boolean =>
      fates.get(row) === 'dead' || (fates.get(row) === 'replayed' && !isLast);
    const isNew = (row: number): boolean =>
      !stored.has(row) && !isRefused(row) && /inserted|replayed/.test(fates.get(row) ?? '');
    const insert = (count: number): number => {
      const now = [...new Set(rows)].filter(isNew).slice(0, count);
      for (const row of now) stored.add(row);
      return now.length;
    };
    const nothing = { covered: [], refused: [], rejected: [], skipped: [] };
    const first = insert(Math.floor(early * rows.length));
    if (first > 0) entries.push({ ...nothing, inserted: first });
    if (isCrash) return;
    entries.push({
      covered: rows.filter((row) => !isRefused(row)),
      refused: rows.filter(isRefused),
      rejected: some.flatMap((message) => message.rejected),
      skipped: rows.filter((row) => fates.get(row) === 'skipped'),
      inserted: insert(Infinity),
    });
  };
  for (const batch of batches) {
    const some = batch.messages.flatMap(
      (place) => messages[Math.floor(place * messages.length)] ?? [],
    );
    deliver(some, batch, false);
  }
  for (let at = 0; at < messages.length; at += lastBatch) {
    deliver(messages.slice(at, at + lastBatch), { messages: [], early: 0.5, isCrash: false }, true);
  }
  return entries;
}
