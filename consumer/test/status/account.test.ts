import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Sandbox } from '../../../test/sandbox.ts';
import { FINISHED, GOING_ON, merge } from '../../src/status/compact.ts';
import { type Import, toImport } from '../../src/status/import.ts';
import { printMissing } from '../../src/status/missing.ts';
import { readTallies } from '../../src/status/tally.ts';
import { type Entry, type Fate, type History, history } from './history.ts';
import { announce, configOf, write } from './ledger.ts';

let sandbox: Sandbox;
let clients: pg.Client[];
let imports = 0;

beforeAll(async () => {
  sandbox = await Sandbox.create();
  await sandbox.migrate();
  const open = async () => {
    const client = new pg.Client({ connectionString: sandbox.databaseUrl.href });
    await client.connect();
    return client;
  };
  clients = await Promise.all(Array.from({ length: 5 }, open));
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await sandbox.destroy();
});

async function readImport(id: string): Promise<Import> {
  const [tally] = await readTallies(clientOf(0), configOf(sandbox), [id]);
  if (!tally) throw new Error(`there is no import ${id}`);
  return toImport(tally, false);
}

async function missingOf(one: Import): Promise<string> {
  let text = '';
  await printMissing(clientOf(0), configOf(sandbox), one, (part) => {
    text += part;
    return Promise.resolve();
  });
  return text;
}

function clientOf(place: number): pg.Client {
  const client = clients[place];
  if (!client) throw new Error('there are not so many');
  return client;
}

/** A new import that has ended, as its producer tells. */
async function ended({ fates }: History): Promise<string> {
  const id = `import ${(imports += 1)}`;
  const [firstRow = 1] = fates.keys();
  await announce(clientOf(0), id, { firstRow });
  const lastRow = firstRow + fates.size - 1;
  await announce(clientOf(0), id, { firstRow, lastRow, ended: '2026-11-26T15:56:00.000Z' });
  return id;
}

const rowsIn = (entries: readonly Entry[], kind: 'covered' | 'refused' | 'rejected' | 'skipped') =>
  new Set(entries.flatMap((entry) => entry[kind]));

const count = ({ fates }: History, ...wanted: Fate[]): number =>
  [...fates.values()].filter((fate) => wanted.includes(fate)).length;

/** What an import comes to when all of it was delivered. */
const outcome = (one: History) => ({
  state: 'complete',
  read: one.fates.size,
  inserted: count(one, 'inserted', 'replayed'),
  duplicate: count(one, 'duplicate'),
  skipped: count(one, 'skipped'),
  dead: count(one, 'dead'),
  rejected: count(one, 'rejected'),
  pending: 0,
  doubled: 0,
});

it('accounts for each row once, however often it is delivered, wherever that is cut off', async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.double({ min: 0, max: 1, noNaN: true }), async (one, share) => {
      const id = await ended(one);
      const cut = Math.floor(share * one.entries.length);
      for (const entry of one.entries.slice(0, cut)) await write(clientOf(0), id, entry);
      const early = one.entries.slice(0, cut);
      const covered = rowsIn(early, 'covered');
      const dead = [...rowsIn(early, 'refused')].filter((row) => !covered.has(row));
      const rejected = rowsIn(early, 'rejected');
      const known = new Set([...covered, ...dead, ...rejected]);
      const seen = await readImport(id);
      expect(seen).toMatchObject({
        read: one.fates.size,
        dead: dead.length,
        rejected: rejected.size,
        pending: one.fates.size - known.size,
      });
      expect(seen.inserted + seen.duplicate + seen.skipped).toBe(covered.size);
      expect(seen.duplicate).toBeGreaterThanOrEqual(0);
      expect(seen.skipped).toBeLessThanOrEqual(rowsIn(early, 'skipped').size);
      expect(seen.inserted).toBeLessThanOrEqual(count(one, 'inserted', 'replayed'));
      const isMissing = (row: number): boolean => !known.has(row);
      expect(rowsOf(await missingOf(seen))).toEqual([...one.fates.keys()].filter(isMissing));

      for (const entry of one.entries.slice(cut)) await write(clientOf(0), id, entry);
      const whole = await readImport(id);
      expect(whole).toMatchObject(outcome(one));
      expect(await missingOf(whole)).toBe('');
    }),
    { numRuns: 150 },
  );
});

/** The numbers that `1-3,7` stands for. */
function rowsOf(ranges: string): number[] {
  return ranges
    .trim()
    .split(',')
    .filter(Boolean)
    .flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}

it('accounts for the same rows when many merge the entries, while others write them', async () => {
  const which = fc.record({ age: fc.constantFrom(undefined, '1 min'), least: fc.nat(5) });
  await fc.assert(
    fc.asyncProperty(
      history,
      fc.array(which, { minLength: 3, maxLength: 3 }),
      async (one, some) => {
        const id = await ended(one);
        let isWritten = false;
        const mergeAll = async (place: number): Promise<void> => {
          const config = configOf(sandbox);
          while (!isWritten) await merge(clientOf(place), config, id, some[place - 2] ?? GOING_ON);
        };
        const half = one.entries.length / 2;
        const writers = [one.entries.slice(0, half), one.entries.slice(half)].map(
          async (entries, place) => {
            for (const [at, entry] of entries.entries()) {
              await write(clientOf(place), id, entry, at % 3);
            }
          },
        );
        const mergers = [2, 3, 4].map(mergeAll);
        await Promise.all(writers).finally(() => (isWritten = true));
        await Promise.all(mergers);
        expect(await readImport(id)).toMatchObject(outcome(one));
        await merge(clientOf(2), configOf(sandbox), id, FINISHED);
        expect(await readImport(id)).toMatchObject(outcome(one));
        const { rows } = await sandbox.pool.query(
          `SELECT (SELECT sum(upper(t) - lower(t))::int FROM unnest(transactions) AS t) AS transactions
         FROM csv2db_ledger WHERE import = $1`,
          [id],
        );
        const { length } = one.entries;
        expect(rows).toEqual(length > 0 ? [{ transactions: length }] : []);
      },
    ),
    { numRuns: 60 },
  );
});
