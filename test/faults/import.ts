import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Run, StartOptions } from '../processes.ts';
import { Sandbox, until } from '../sandbox.ts';
import { accountsOf, expectedOf } from './ledger.ts';

const ROWS_PER_MESSAGE = Number(process.env['FAULTS_ROWS_PER_MESSAGE'] ?? 1);
export const IS_PACKED = ROWS_PER_MESSAGE > 1;
/** Different valid rows of the file that every fault is tried on; takes some seconds to import. */
export const ROWS = IS_PACKED ? 1_000_000 : 100_000;
/** One row in so many is bad, on top of the valid ones; others lie in blocks without one. */
const BAD_EVERY = IS_PACKED ? 20_000 : 1_000;
/** In packed files an earlier row comes again behind one in so many. */
const AGAIN_EVERY = 100;

/** An import that something is done to, and the proof that nothing was lost. */
export class Import {
  readonly sandbox: Sandbox;
  readonly consumers: Run[] = [];
  readonly #folder: string;
  readonly file: string;

  private constructor(sandbox: Sandbox, folder: string) {
    this.sandbox = sandbox;
    this.#folder = folder;
    this.file = join(folder, 'rows.csv');
  }

  static async create(row = (n: number): string => `Name ${n},${n}@example.com`): Promise<Import> {
    const sandbox = await Sandbox.create();
    await sandbox.migrate();
    const folder = await mkdtemp(join(tmpdir(), 'csv2db-fault-'));
    const created = new Import(sandbox, folder);
    let text = '';
    for (let n = 0; n < ROWS; n += 1) {
      text += `${row(n)}\n`;
      if (IS_PACKED && n % AGAIN_EVERY === 0) text += `${row(Math.floor(n * 0.7))}\n`;
      if (n % BAD_EVERY === 0) text += `Bad ${n},not an email\n`;
    }
    await writeFile(created.file, text);
    // its queue is new, as a test may kill the broker at any time
    await sandbox.start('producer', ['--file', '/dev/null']).succeeds();
    return created;
  }

  async destroy(): Promise<void> {
    await this.sandbox.destroy();
    await rm(this.#folder, { recursive: true });
  }

  produce(args: string[] = [], env: Record<string, string> = {}, options?: StartOptions): Run {
    const checkpoint = ['--checkpoint', `file:${join(this.#folder, 'checkpoint.json')}`];
    const packed = ['--rows-per-message', `${ROWS_PER_MESSAGE}`];
    const flags = ['--file', this.file, ...checkpoint, ...packed, ...args];
    return this.sandbox.start('producer', flags, env, options);
  }

  consume(count = 1, env: Record<string, string> = {}): Run[] {
    const started = Array.from({ length: count }, () => this.sandbox.start('consumer', [], env));
    this.consumers.push(...started);
    return started;
  }

  /** Waits until the import is under way: a part of the rows is in the table. */
  async underWay(part = 0.1): Promise<void> {
    await until('the import is under way', async () => (await this.#rows()) > part * ROWS, 60);
  }

  /** Waits until the producer has saved how far it is: behind a part of the rows. */
  async checkpointed(part = 0): Promise<void> {
    await until('a checkpoint is saved', async () => {
      const saved = await readFile(join(this.#folder, 'checkpoint.json'), 'utf8').catch(() => '{}');
      const { rows } = JSON.parse(saved) as { rows?: number };
      return (rows ?? 0) > part * ROWS;
    });
  }

  /** Waits until messages with a part of the rows are in the queue, ready. */
  async queued(part: number): Promise<void> {
    const messages = (part * ROWS) / ROWS_PER_MESSAGE;
    await until('there are messages', async () => (await this.sandbox.ready()) > messages);
  }

  /** Waits until every valid row is in the table. */
  async arrived(rows: number): Promise<void> {
    await until(`${rows} rows in the table`, async () => (await this.#rows()) >= rows, 120);
  }

  /** The rows in the table; 0 while the database does not answer. */
  async #rows(): Promise<number> {
    return await this.sandbox.countContacts().catch(() => 0);
  }

  /**
   * Every valid row is in the table once, every bad row was rejected, nothing is pending, and both
   * services end well. The ledger says the same of the last import, as a look at the file does.
   */
  async verify(producer: Run, dead = 0): Promise<void> {
    const { read, rejected, inserted: rows } = await expectedOf(this.file);
    await producer.succeeds();
    await this.arrived(rows);
    const sandbox = this.sandbox;
    await sandbox.reconnect();
    await this.drained();
    expect(await sandbox.ready('csv2db.dead'), 'dead letters').toBe(dead);
    expect(await sandbox.countContacts()).toBe(rows);
    // whoever declares the queue imports an empty file
    const last = (await accountsOf(sandbox)).findLast((account) => account.read !== 0);
    expect(last).toMatchObject({ state: 'complete', read, rejected, skipped: 0, dead: 0 });
    expect(last?.pending).toBe(0);
  }

  /** Waits until nothing is left in the queue, and has the consumers finish what is in hand. */
  async drained(): Promise<void> {
    const { sandbox } = this;
    await until('nothing is ready in the queue', async () => (await sandbox.ready()) === 0, 60);
    for (const consumer of this.consumers) consumer.kill('SIGTERM');
    for (const consumer of this.consumers) {
      // some may have been killed by the test
      expect([0, 137], consumer.output).toContain(await consumer.exit);
    }
    expect(await sandbox.ready(), 'messages that were not acknowledged').toBe(0);
  }

  /** Bad rows of the file. */
  get rejects(): number {
    return Math.ceil(ROWS / BAD_EVERY);
  }
}
