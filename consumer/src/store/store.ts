import { type Delivery, type Outcome, type Refusal, refused, sum } from '../batch.ts';
import type { Database } from '../database/connect.ts';
import { inTransaction } from '../database/limits.ts';
import { deadEntries } from '../ledger/account.ts';
import { writeAnnouncement, writeEntry } from '../ledger/ledger.ts';
import { GroupStore } from './group-store.ts';
import { group } from './groups.ts';
import type { StatementSize } from './statement-size.ts';
import { tellWhole } from './target.ts';

/** Stores batches, and what is told of imports. */
export class Store {
  readonly #database: Database;
  readonly #size: StatementSize;
  readonly #rows: GroupStore;
  /** What became of the groups of a batch that have committed, should it be tried again. */
  readonly #settled = new WeakMap<readonly Delivery[], Map<string, Outcome>>();

  constructor(database: Database, size: StatementSize) {
    this.#database = database;
    this.#size = size;
    this.#rows = new GroupStore(database, size);
  }

  /**
   * Stores the rows of a batch; they have committed when this resolves.
   *
   * @throws TransientError when the database is out, or not set up as it has to be: nothing may be
   * acknowledged. Tried again with the same batch, groups that have committed are left out, and what
   * else it has stored all the same are duplicates.
   */
  async store(batch: readonly Delivery[]): Promise<Outcome> {
    const { timeout } = this.#size;
    const settled = this.#settled.get(batch) ?? new Map<string, Outcome>();
    this.#settled.set(batch, settled);
    return await this.#database.use(async (client, table) => {
      let current = table;
      let grouped = group(batch, current);
      if (grouped.isOfOtherColumns) {
        // they may have been changed
        current = await this.#database.lookAgain(client);
        grouped = group(batch, current);
      }
      const { groups, others, announcements } = grouped;
      const outcomes: Outcome[] = [];
      for (const rows of groups) {
        const { layout, account } = rows;
        const key = JSON.stringify([account.importId, layout.columns.map(({ name }) => name)]);
        const outcome =
          settled.get(key) ??
          (await this.#rows.store({ client, table: current, layout, account }, rows));
        settled.set(key, outcome);
        outcomes.push(outcome);
      }
      for (const { account, refusals } of others) {
        const target = { client, table: current, account };
        outcomes.push(await tellWhole(target, this.#size, refused(refusals)));
      }
      if (current.hasLedger) {
        for (const told of announcements) {
          await inTransaction(client, timeout, () => writeAnnouncement(client, told));
        }
      }
      return sum(outcomes);
    });
  }

  /**
   * Tells the ledger of refused rows that are dead letters now. Had it been told before, a row would be
   * dead there without a letter, where the queue is lost after a crash.
   *
   * @throws TransientError when the database is out, or the ledger can't be written.
   */
  async tellDead(refusals: readonly Refusal[]): Promise<void> {
    const entries = deadEntries(refusals);
    if (entries.length === 0) return;
    await this.#database.use(async (client, { hasLedger }) => {
      if (!hasLedger) return;
      await inTransaction(client, this.#size.timeout, async () => {
        for (const entry of entries) await writeEntry(client, entry);
      });
    });
  }
}
