import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import type { Run, StartOptions } from '../processes.ts';
import { Sandbox, until } from '../sandbox.ts';
import { accountsOf, expectedOf, linesOf } from './ledger.ts';
import { rowsOfFaults } from './rows.ts';
import { ROWS, ROWS_PER_MESSAGE } from './size.ts';

/** The lines of each file of an import, by its name, which ends in `.gz` where it is to be gzipped. */
export type Files = Record<string, Iterable<string>>;

/** An import that something is done to, and the proof that nothing was lost. */
export class Import {
  readonly sandbox: Sandbox;
  readonly consumers: Run[] = [];
  readonly files: readonly string[];
  readonly #folder: string;
  /** Rows of the files, about. */
  readonly #rows: number;

  private constructor(sandbox: Sandbox, folder: string, names: readonly string[], rows: number) {
    this.sandbox = sandbox;
    this.#folder = folder;
    this.files = names.map((name) => join(folder, name));
    this.#rows = rows;
  }

  /** @param rows how many those of the files are, about. */
  static async create(files: Files = { 'rows.csv': rowsOfFaults() }, rows = ROWS): Promise<Import> {
    const sandbox = await Sandbox.create();
    await sandbox.migrate();
    const folder = await mkdtemp(join(tmpdir(), 'csv2db-fault-'));
    for (const [name, lines] of Object.entries(files)) {
      const text = [...lines, ''].join('\n');
      await writeFile(join(folder, name), name.endsWith('.gz') ? gzipSync(text) : text);
    }
    // its queue is new, as a test may kill the broker at any time
    await sandbox.start('producer', ['--file', '/dev/null']).succeeds();
    return new Import(sandbox, folder, Object.keys(files), rows);
  }

  async destroy(): Promise<void> {
    await this.sandbox.destroy();
    await rm(this.#folder, { recursive: true });
  }

  /** An import of one of the files alone. */
  of(name: string): Import {
    return new Import(this.sandbox, this.#folder, [name], this.#rows);
  }

  produce(args: string[] = [], env: Record<string, string> = {}, options?: StartOptions): Run {
    const files = this.files.flatMap((file) => ['--file', file]);
    const checkpoint = ['--checkpoint', `file:${this.#checkpoint}`];
    const packed = ['--rows-per-message', `${ROWS_PER_MESSAGE}`];
    return this.sandbox.start(
      'producer',
      [...files, ...checkpoint, ...packed, ...args],
      env,
      options,
    );
  }

  get #checkpoint(): string {
    return `${this.files[0]}.checkpoint.json`;
  }

  consume(count = 1, env: Record<string, string> = {}): Run[] {
    // on a busy machine a batch that is full of poison takes long
    const patient = { FC_CONSUMER_DRAIN_TIMEOUT: '60s', ...env };
    const started = Array.from({ length: count }, () =>
      this.sandbox.start('consumer', [], patient),
    );
    this.consumers.push(...started);
    return started;
  }

  /** Kills one of two consumers, and starts another. */
  killConsumer(): void {
    const [victim] = this.consumers.splice(Math.random() < 0.5 ? 0 : 1, 1);
    victim?.kill('SIGKILL');
    this.consume(1);
  }

  /** Waits until the import is under way: a part of the rows is in the table. */
  async underWay(part = 0.1): Promise<void> {
    await until(
      'the import is under way',
      async () => (await this.#stored()) > part * this.#rows,
      60,
    );
  }

  /** Waits until the producer has saved how far it is: behind a part of the rows. */
  async checkpointed(part = 0): Promise<void> {
    await until('a checkpoint is saved', async () => {
      const saved = await readFile(this.#checkpoint, 'utf8').catch(() => '{}');
      const { rows } = JSON.parse(saved) as { rows?: number };
      return (rows ?? 0) > part * this.#rows;
    });
  }

  /** Waits until messages with a part of the rows are in the queue, ready. */
  async queued(part: number): Promise<void> {
    const messages = (part * this.#rows) / ROWS_PER_MESSAGE;
    await until('there are messages', async () => (await this.sandbox.ready()) > messages);
  }

  /** Waits until every valid row is in the table. */
  async arrived(rows: number): Promise<void> {
    await until(`${rows} rows in the table`, async () => (await this.#stored()) >= rows, 120);
  }

  /** The rows in the table; 0 while the database does not answer. */
  async #stored(): Promise<number> {
    return await this.sandbox.countContacts().catch(() => 0);
  }

  /**
   * Every valid row is in the table once, every bad row was rejected, nothing is pending, and both
   * services end well. The ledger says the same of the last import, as a look at the file does.
   */
  async verify(producer: Run, dead = 0): Promise<void> {
    const { read, rejected, inserted: rows } = expectedOf(await this.lines());
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

  /** Has the consumers store what is in the queue, and end, whatever was killed before. */
  async finished(): Promise<void> {
    await this.sandbox.reconnect();
    // until then a signal just ends them
    for (const consumer of this.consumers) await consumer.logged(/^consuming/, 60);
    await this.drained();
    this.consumers.length = 0;
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

  /** The rows of an import that nobody has told of, as the producer takes them. */
  async missing(id: string): Promise<string> {
    const command = this.sandbox.start('consumer', ['status', id, '--missing']);
    await command.succeeds();
    return command.stdout;
  }

  /** Sends rows of an import again: a list of them, as `missing` gives. */
  sendAgain(id: string, list: string): Run {
    const producer = this.produce(['--import-id', id, '--rows', '-'], {}, { stdin: 'pipe' });
    // it may be killed before it reads that
    producer.stdin.on('error', () => {}).end(list);
    return producer;
  }

  /** Those of some lines that have a valid email, and are neither poison nor in the table. */
  async notStored(lines: readonly string[]): Promise<string[]> {
    const { rows } = await this.sandbox.pool.query<{ email: string }>('SELECT email FROM contacts');
    const stored = new Set(rows.map(({ email }) => email));
    return lines.filter((line) => {
      const outcome = expectedOf([line]);
      return outcome.inserted === 1 && !stored.has(line.slice(line.indexOf(',') + 1));
    });
  }

  /** The lines of the files. */
  async lines(): Promise<string[]> {
    return (await Promise.all(this.files.map(linesOf))).flat();
  }
}
