import { TransientError } from '@csv2db/libs/errors.ts';
import { createLogger } from '@csv2db/libs/logger.ts';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Sandbox } from '../../../test/sandbox.ts';
import type { Delivery } from '../../src/batch.ts';
import { Database } from '../../src/database/connect.ts';
import { StatementSize } from '../../src/store/statement-size.ts';
import { Store } from '../../src/store/store.ts';
import { delivery } from '../deliveries.ts';

let sandbox: Sandbox;
let databases: Database[];

beforeAll(async () => {
  sandbox = await Sandbox.create();
  await sandbox.migrate();
  await sandbox.pool.query(`ALTER TABLE contacts ADD CHECK (email <> '${emailOf(REFUSED)}')`);
  // consumers whose first rows are the same, in different orders, wait for each other
  await sandbox.pool.query(`ALTER DATABASE ${sandbox.databaseName} SET deadlock_timeout = '10ms'`);
  // as if the server went down just before the commit
  await sandbox.pool.query(`
    CREATE FUNCTION go_down() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF random() < 0.2 THEN RAISE 'down' USING ERRCODE = 'admin_shutdown'; END IF;
      RETURN NEW;
    END $$;
    CREATE TRIGGER go_down BEFORE INSERT ON csv2db_ledger FOR EACH ROW EXECUTE FUNCTION go_down()`);
  const address = sandbox.databaseUrl;
  databases = [1, 2].map(
    () =>
      new Database(
        {
          host: address.hostname,
          port: Number(address.port),
          user: address.username,
          password: () => address.password,
          name: sandbox.databaseName,
          table: undefined,
          tls: undefined,
          statementTimeout: 10_000,
          flags: { address: '', login: '', name: '' },
        },
        2,
        createLogger('test', 'silent'),
      ),
  );
});
afterAll(async () => {
  for (const database of databases) await database.end();
  await sandbox.destroy();
});

/** The number of the email that the table refuses. */
const REFUSED = 12;

/** Of each row the number of its email; undefined where it has none. */
type Rows = readonly (number | undefined)[];

interface Import {
  id: string;
  rows: Rows;
}

/** What happens to a consumer that has some messages in hand. */
interface Step {
  messages: readonly number[];
  consumer: number;
  /** Milliseconds after which its connections are cut; undefined where they are not. */
  cutAfter: number | undefined;
}

const rows = fc.array(fc.option(fc.nat(REFUSED), { nil: undefined, freq: 6 }), { maxLength: 30 });
const steps = fc.array(
  fc.record({
    messages: fc.array(fc.nat(), { maxLength: 6 }),
    consumer: fc.nat(1),
    cutAfter: fc.option(fc.nat(REFUSED), { nil: undefined, freq: 2 }),
  }),
  { maxLength: 10 },
);

/** The rows of an import in messages of so many each, of CSV or, of one row, of JSON. */
function messagesOf({ id, rows: all }: Import, sizes: readonly number[]): Delivery[] {
  const messages: Delivery[] = [];
  for (let [first, turn] = [0, 0]; first < all.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    const some = all.slice(first, first + size);
    const headers = {
      'x-csv2db-import': id,
      'x-csv2db-row': first + 1,
      ...(some.length > 1 && { 'x-csv2db-rows': some.length }),
    };
    const [only] = some;
    if (some.length === 1 && turn % 2 === 0) {
      const body = only === undefined ? { name: 'n' } : { name: 'n', email: emailOf(only) };
      messages.push(delivery(JSON.stringify(body), { headers }));
    } else {
      // every third one is not plain
      const name = turn % 3 === 0 ? '"n"' : 'n';
      const lines = some.map((row) => (row === undefined ? name : `${name},${emailOf(row)}`));
      const text = lines.map((line) => `${line}\n`).join('');
      messages.push(delivery(text, { contentType: 'text/csv', headers }));
    }
    first += some.length;
  }
  return messages;
}

function emailOf(row: number): string {
  return `${row}@x.com`;
}

function isStored(row: number | undefined): boolean {
  return row !== undefined && row !== REFUSED;
}

/** The union of the rows in a state, for each import, and the rows that were inserted. */
async function ledger() {
  const { rows: said } = await sandbox.pool.query<{
    id: string;
    covered: number[];
    refused: number[];
    inserted: number;
  }>(
    `SELECT import AS id, sum(inserted)::int AS inserted,
      ARRAY(SELECT DISTINCT n::int FROM csv2db_ledger l, unnest(covered) AS r,
        generate_series(lower(r), upper(r) - 1) AS n WHERE l.import = csv2db_ledger.import ORDER BY n::int) AS covered,
      ARRAY(SELECT DISTINCT n::int FROM csv2db_ledger l, unnest(refused) AS r,
        generate_series(lower(r), upper(r) - 1) AS n WHERE l.import = csv2db_ledger.import ORDER BY n::int) AS refused
      FROM csv2db_ledger GROUP BY import ORDER BY import`,
  );
  return said;
}

/** Attempts to store what is left once nobody cuts connections. */
const MOST_ATTEMPTS = 20;

async function cutConnections(): Promise<void> {
  await sandbox.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'csv2db consumer'`,
  );
}

/** Stores messages in an order, some again and again, by two consumers at once, through cut connections. */
async function deliver(messages: readonly Delivery[], plan: readonly Step[]): Promise<void> {
  const log = createLogger('test', 'silent');
  const stores = databases.map((database) => new Store(database, new StatementSize(10_000, log)));
  const unsettled = new Set(messages);
  const store = async (batch: readonly Delivery[], consumer: number): Promise<void> => {
    try {
      const outcome = await stores[consumer]?.store(batch);
      await stores[consumer]?.tellDead(outcome?.refusals ?? []);
      for (const message of batch) unsettled.delete(message);
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
    }
  };
  let running: Promise<void>[] = [];
  for (const { messages: places, consumer, cutAfter } of plan) {
    const batch = places.flatMap((place) => messages[place % messages.length] ?? []);
    running.push(store([...new Set(batch)], consumer));
    if (cutAfter !== undefined) {
      await new Promise((resolve) => setTimeout(resolve, cutAfter));
      await cutConnections();
    }
    if (running.length < 2) continue;
    await Promise.all(running);
    running = [];
  }
  await Promise.all(running);
  for (let attempt = 1; unsettled.size > 0; attempt += 1) {
    if (attempt > MOST_ATTEMPTS) throw new Error(`${unsettled.size} messages are never stored`);
    await store([...unsettled], 0);
  }
}

it('the ledger counts each row once, whatever is delivered again, to whom, and cut off when', async () => {
  const property = fc.asyncProperty(
    rows,
    rows,
    fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
    steps,
    async (one, two, sizes, plan) => {
      await sandbox.pool.query('DELETE FROM contacts; DELETE FROM csv2db_ledger');
      const imports = [
        { id: 'one', rows: one },
        { id: 'two', rows: two },
      ].filter((some) => some.rows.length > 0);
      await deliver(
        imports.flatMap((some) => messagesOf(some, sizes)),
        plan,
      );
      const said = await ledger();
      const numbersOf = ({ rows: all }: Import, isGood: boolean): number[] =>
        all.flatMap((row, index) => (isStored(row) === isGood ? [index + 1] : []));
      expect(said.map(({ id, covered, refused }) => ({ id, covered, refused }))).toEqual(
        imports.map((some) => ({
          id: some.id,
          covered: numbersOf(some, true),
          refused: numbersOf(some, false),
        })),
      );
      const emails = new Set([...one, ...two].filter(isStored));
      expect(said.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(emails.size);
      expect(await sandbox.countContacts()).toBe(emails.size);
      for (const { inserted, covered } of said) {
        expect(inserted).toBeLessThanOrEqual(covered.length);
      }
    },
  );
  await fc.assert(property, { numRuns: 40, seed: 1, endOnFailure: true });
});
