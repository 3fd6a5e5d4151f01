import { TransientError } from '@csv2db/libs/errors.ts';
import type { QueueState } from '@csv2db/libs/queue/state.ts';
import pg from 'pg';
import type { Known, Ledger, Status } from '../../page/status.ts';
import type { ConsumerConfig } from '../config.ts';
import { CONTACTS } from '../database/contacts.ts';
import { SetUpError } from '../database/problem.ts';
import { DepthGauge } from '../status/depths.ts';
import { toImport } from '../status/import.ts';
import { shortIds } from '../status/short-ids.ts';
import { oneLine } from './one-line.ts';
import { LedgerReader, type Newest } from './reader.ts';
import type { Reasons } from './reasons.ts';
import type { Recent } from './recent.ts';
import { toRow } from './row.ts';
import { databaseServer, queueServer } from './servers.ts';
import { type Seen, Source } from './source.ts';

/** How long the connection to the broker stays open while nobody asks, in milliseconds. */
const IDLE = 10_000;

/** A server says so that starts or ends: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const COMES_OR_GOES = /^57P/;

/** Set by the bundler. */
declare const VERSION: string;

/** What the consumer knows by itself. */
export interface Own {
  recent: Recent;
  reasons: Reasons;
  queue: QueueState;
  /** Why nothing can be stored; undefined where it can, as far as is known. */
  outage(): string | undefined;
}

/** @returns what tells the page all it shows, for whoever asks. */
export function statusOf(config: ConsumerConfig, own: Own): () => Promise<Status> {
  const since = Date.now();
  const reader = new LedgerReader(config.database);
  const ledger = new Source(() => reader.read());
  const gauge = new DepthGauge(config.queue);
  const depths = new Source(async () => {
    const { problem, ...found } = await gauge.read();
    if (problem !== undefined) throw new TransientError(problem);
    own.recent.look(found.queue);
    return found;
  });
  let idle: NodeJS.Timeout | undefined;

  return async () => {
    clearTimeout(idle);
    idle = setTimeout(() => void gauge.close(), IDLE).unref();
    const [newest, waiting] = await Promise.all([ledger.ask(), depths.ask()]);
    const outage = own.outage();
    const isWaiting = waiting.problem === undefined && (waiting.value?.queue ?? 0) > 0;
    return {
      version: VERSION,
      now: Date.now(),
      since,
      queue: config.queue.name,
      table: config.database.table ?? CONTACTS,
      servers: {
        queue: queueServer(own.queue, outage === undefined),
        database: databaseServer(outage ?? outageIn(newest)),
      },
      ledger: known(newest, (value) => toLedger(value, isWaiting)),
      depths: known(waiting, (depths) => ({
        queue: depths.queue ?? null,
        dead: depths.dead ?? null,
      })),
      recent: own.recent.rows(),
      refused: own.reasons.rows(),
    };
  };
}

/**
 * Why nobody can work with the server that was to be read; undefined where only this reading failed, as for its time limit,
 * or because the workers have all connections.
 */
function outageIn({ problem }: Seen<unknown>): string | undefined {
  if (!(problem instanceof TransientError) || problem instanceof SetUpError) return undefined;
  const { cause } = problem;
  const isAnswer = cause instanceof pg.DatabaseError && !COMES_OR_GOES.test(cause.code ?? '');
  return isAnswer ? undefined : problem.message;
}

function toLedger({ tallies, foreign, total }: Newest, isWaiting: boolean): Ledger {
  const short = shortIds(tallies.map(({ importId }) => importId));
  return {
    imports: tallies.map((tally) =>
      toRow(toImport(tally, isWaiting), short.get(tally.importId) ?? tally.importId),
    ),
    total,
    foreign: foreign ? { rows: foreign.unnumbered, inserted: foreign.inserted } : null,
  };
}

function known<T, K>({ value, at, problem }: Seen<T>, toKnown: (value: T) => K): Known<K> {
  return {
    value: value === undefined ? null : toKnown(value),
    at: at ?? null,
    problem: problem ? oneLine(problem.message) : null,
  };
}
