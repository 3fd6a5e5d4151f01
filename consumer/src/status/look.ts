import { FatalError } from '@csv2db/libs/errors.ts';
import type pg from 'pg';
import type { ConsumerConfig } from '../config.ts';
import type { DatabaseConfig } from '../database/address.ts';
import { withClient } from '../database/client.ts';
import { databaseProblem, SetUpError } from '../database/problem.ts';
import { FOREIGN } from '../ledger/account.ts';
import { compact } from './compact.ts';
import type { DepthGauge, Depths } from './depths.ts';
import { findImport } from './find.ts';
import { type Import, toImport } from './import.ts';
import { readTallies, type Tally } from './tally.ts';

/** What there is to see at one time. */
export interface Look {
  /** The newest last. */
  imports: readonly Import[];
  /** Rows of messages that name no import; undefined where there are none, or one import is looked at. */
  foreign: { rows: number; inserted: number } | undefined;
  depths: Depths;
}

/** Which imports to look at: all, the newest, one by its id, or one by anything that `findImport` takes. */
export type Wanted = 'all' | 'newest' | { id: string } | { name: string };

/**
 * Looks at imports. Entries of which there are many are merged on the way.
 *
 * @throws FatalError where a person has to mend something, TransientError in an outage of the
 * database. One of the broker is in the result.
 */
export async function look(
  { database }: Pick<ConsumerConfig, 'database'>,
  gauge: DepthGauge,
  wanted: Wanted,
): Promise<Look> {
  const reading = withClient(database, (client) => readAndMerge(client, database, wanted));
  const [depths, tallies] = await Promise.all([
    gauge.read(),
    reading.catch((error: unknown) => {
      const problem = databaseProblem(error, database);
      if (problem instanceof SetUpError) throw new FatalError(problem.message, { cause: error });
      throw problem;
    }),
  ]);
  const isWaiting = depths.queue !== undefined && depths.queue > 0;
  const foreign = tallies.find(({ importId }) => importId === FOREIGN);
  return {
    imports: tallies
      .filter((tally) => tally !== foreign)
      .map((tally) => toImport(tally, isWaiting))
      .toSorted(byAge),
    foreign: foreign && { rows: foreign.unnumbered, inserted: foreign.inserted },
    depths,
  };
}

async function readAndMerge(
  client: pg.ClientBase,
  database: DatabaseConfig,
  wanted: Wanted,
): Promise<Tally[]> {
  const ids = wanted === 'all' ? undefined : await idsOf(client, database, wanted);
  const tallies = await readTallies(client, database, ids);
  await compact(client, database, tallies);
  return tallies;
}

async function idsOf(
  client: pg.ClientBase,
  database: DatabaseConfig,
  wanted: Exclude<Wanted, 'all'>,
): Promise<string[]> {
  if (wanted !== 'newest' && 'id' in wanted) return [wanted.id];
  const id = await findImport(client, database, wanted === 'newest' ? undefined : wanted.name);
  return id === undefined ? [] : [id];
}

function byAge(a: Import, b: Import): number {
  const [begunA, begunB] = [a, b].map(({ begun, recorded }) => begun ?? recorded);
  return (begunA ?? '').localeCompare(begunB ?? '') || a.import.localeCompare(b.import);
}
