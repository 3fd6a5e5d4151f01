import { countLines } from '@csv2db/libs/csv/bounds.ts';
import pg from 'pg';
import type { Delivery, Outcome, Refusal, Row } from '../batch.ts';
import type { Database } from '../database/connect.ts';
import { runWithin } from '../database/limits.ts';
import { isUnanswered, type Verdict, verdictOn } from '../database/sqlstate.ts';
import type { Table } from '../database/table.ts';
import { decode } from '../decode.ts';
import { copy, copyData } from './copy.ts';
import { Insertion, sum } from './insert.ts';
import { isPlain, Lines } from './lines.ts';
import { hash, Seen } from './seen.ts';
import type { StatementSize } from './statement-size.ts';

/** Rows of a batch: lines of its plain bodies, by their numbers, and those of others, decoded. */
interface Part {
  lines: number[];
  rows: Row[];
}

/**
 * Stores batches. COPY is by far the fastest way, and stores none of the rows when one is a
 * duplicate, or bad. Until it fails for the first time, plain bodies go to it as they came. From then
 * on duplicates are watched for.
 */
export class Store {
  readonly #database: Database;
  readonly #size: StatementSize;
  /** The emails that were met since COPY failed for the first time. */
  readonly #seen = new Seen();
  /** Whether the last rows whose emails were unknown were all new, and good. */
  #isNew = true;
  /** The copies under way whose rows are in no order. */
  readonly #unordered = new Set<Promise<unknown>>();

  constructor(database: Database, size: StatementSize) {
    this.#database = database;
    this.#size = size;
  }

  /**
   * Stores the rows of a batch; they have committed when this resolves.
   *
   * @throws TransientError when the database is out, or not set up as it has to be: nothing may be
   * acknowledged. Tried again, the rows that it has stored all the same are duplicates.
   */
  async store(batch: readonly Delivery[]): Promise<Outcome> {
    return await this.#database.use(async (client, table) => {
      const copied = this.#seen.isWatching
        ? undefined
        : await this.#copyAsTheyCame(client, table, batch);
      return copied ?? (await this.#storeInOrder(client, table, batch));
    });
  }

  /** Copies a batch. @returns undefined when that fails; from then on duplicates are watched for. */
  async #copyAsTheyCame(
    client: pg.PoolClient,
    table: Table,
    batch: readonly Delivery[],
  ): Promise<Outcome | undefined> {
    const { data, refusals } = forCopy(batch);
    const copying = this.#copy(client, table, data);
    this.#unordered.add(copying);
    try {
      const copied = await copying;
      if (copied) return sum([copied, refused(refusals)]);
      this.#seen.watch();
      return undefined;
    } finally {
      this.#unordered.delete(copying);
    }
  }

  /**
   * Copies the rows whose emails are unknown, and inserts the others; where that fails, and until
   * the unknown are all new, it inserts all.
   *
   * Each statement has its rows by their emails: two writers that share some, in different orders,
   * would wait for each other, until PostgreSQL ends one of them after a second. And an index grows a
   * fourth faster.
   */
  async #storeInOrder(
    client: pg.PoolClient,
    table: Table,
    batch: readonly Delivery[],
  ): Promise<Outcome> {
    await Promise.allSettled(this.#unordered);
    const { lines, all, unknown, known, refusals } = this.#sift(batch);
    if (this.#isNew) {
      const texts = unknown.lines.length > 0 ? [lines.textOf(unknown.lines)] : [];
      const data = [...texts, ...copyData(unknown.rows)];
      const copied = await this.#copy(client, table, data);
      if (copied) {
        const outcome = await this.#insert(client, table, lines, known);
        return sum([copied, outcome, refused(refusals)]);
      }
    }
    const outcome = await this.#insert(client, table, lines, all);
    const inserted = outcome.inserted + outcome.skipped;
    this.#isNew = inserted >= unknown.lines.length + unknown.rows.length;
    return sum([outcome, refused(refusals)]);
  }

  /** @returns undefined when it is the rows that COPY fails for. */
  async #copy(
    client: pg.PoolClient,
    table: Table,
    data: readonly Buffer[],
  ): Promise<Outcome | undefined> {
    if (table.copy === undefined) return undefined;
    if (this.#size.rows < Infinity && rowsIn(data) > this.#size.rows) return undefined;
    try {
      const inserted = await copy(client, table.copy, data, this.#size.timeout);
      const skipped = table.countAbsent === undefined ? 0 : rowsIn(data) - inserted;
      return { inserted, duplicates: 0, skipped, refusals: [] };
    } catch (error) {
      const verdict = verdictOn(error);
      if (verdict === 'slow') this.#size.tooSlow(rowsIn(data));
      if (!FALLS_TO_INSERT.has(verdict) || isUnanswered(error)) throw error;
      return undefined;
    }
  }

  async #insert(client: pg.PoolClient, table: Table, lines: Lines, part: Part): Promise<Outcome> {
    const insertion = new Insertion(client, table, this.#size);
    const outcome =
      (await this.#insertLines(client, table, lines, part.lines)) ??
      (await insertion.insert(part.lines.map((line) => lines.rowOf(line))));
    return sum([outcome, await insertion.insert(part.rows)]);
  }

  /** @returns undefined where lines can't be inserted as they are. */
  async #insertLines(
    client: pg.PoolClient,
    { insertLines }: Table,
    lines: Lines,
    numbers: readonly number[],
  ): Promise<Outcome | undefined> {
    if (insertLines === undefined || numbers.length > this.#size.rows) return undefined;
    if (numbers.length === 0) return refused([]);
    try {
      // without the last line feed, behind which another line would begin
      const text = lines.textOf(numbers).subarray(0, -1);
      const { rowCount } = await runWithin(client, this.#size.timeout, insertLines, [text]);
      const inserted = rowCount ?? 0;
      return { inserted, duplicates: numbers.length - inserted, skipped: 0, refusals: [] };
    } catch (error) {
      const verdict = verdictOn(error);
      if (verdict === 'slow') this.#size.tooSlow(numbers.length);
      if (!FALLS_TO_ROWS.has(verdict) || isUnanswered(error)) throw error;
      return undefined;
    }
  }

  /** Parts the rows of a batch by whether their emails are known; each part is in order. */
  #sift(batch: readonly Delivery[]) {
    const { plain, others } = byForm(batch);
    const lines = new Lines(plain);
    const { rows, refusals } = decode(others.concat(lines.malformed));
    const all: Part = { lines: [...lines.byEmail()], rows: rows.sort(byEmail) };
    const [unknown, known]: [Part, Part] = [
      { lines: [], rows: [] },
      { lines: [], rows: [] },
    ];
    for (const line of all.lines) {
      (this.#seen.add(lines.hashOf(line)) ? known : unknown).lines.push(line);
    }
    for (const row of all.rows) (this.#seen.add(hashOf(row)) ? known : unknown).rows.push(row);
    return { lines, all, unknown, known, refusals };
  }
}

/** What COPY fails with and INSERT, in order and in parts, may not. */
const FALLS_TO_INSERT: ReadonlySet<Verdict> = new Set(['row', 'set-up', 'slow', 'conflict']);
/** What a statement of many rows fails with and those of fewer may not. */
const FALLS_TO_ROWS: ReadonlySet<Verdict> = new Set(['row', 'set-up', 'slow']);

/** What COPY takes of a batch: plain bodies as they are, of others the rows that can be decoded. */
function forCopy(batch: readonly Delivery[]): { data: Buffer[]; refusals: Refusal[] } {
  const { plain, others } = byForm(batch);
  const { rows, refusals } = decode(others);
  return { data: [...plain.map(({ content }) => content), ...copyData(rows)], refusals };
}

/** Parts a batch by whether bodies are plain. */
function byForm(batch: readonly Delivery[]) {
  const [plain, others]: [Delivery[], Delivery[]] = [[], []];
  for (const delivery of batch) (isPlain(delivery) ? plain : others).push(delivery);
  return { plain, others };
}

/** Rows that COPY is given. */
function rowsIn(data: readonly Buffer[]): number {
  return data.reduce((sum, part) => sum + countLines(part), 0);
}

function refused(refusals: Refusal[]): Outcome {
  return { inserted: 0, duplicates: 0, skipped: 0, refusals };
}

function hashOf({ contact }: Row): number {
  const email = Buffer.from(contact.email);
  return hash(email, 0, email.length);
}

function byEmail({ contact: a }: Row, { contact: b }: Row): number {
  return a.email < b.email ? -1 : a.email > b.email ? 1 : 0;
}
