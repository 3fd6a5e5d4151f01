import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { finish } from './finish.ts';
import { Sandbox } from './sandbox.ts';

/** A sandbox for consumers of tables that each test makes; its queue and dead letters are emptied after each. */
export function tables() {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await Sandbox.migrated();
    await sandbox.declareQueue();
  });
  afterAll(async () => {
    await sandbox.destroy();
  });
  afterEach(async () => {
    for (const queue of ['csv2db', 'csv2db.dead']) await sandbox.channel.purgeQueue(queue);
    await sandbox.pool.query('DROP SCHEMA test CASCADE');
  });

  return {
    get sandbox() {
      return sandbox;
    },

    /** Makes objects in the schema `test`, which is new in each test, and not in the search_path of others. */
    async create(sql: string): Promise<void> {
      await sandbox.pool.query(
        `CREATE SCHEMA test; SET search_path = test, public; ${sql}; RESET search_path`,
      );
    },

    /** Sends rows of CSV with the names of their columns. */
    async send(columns: string | undefined, body: string | Buffer): Promise<void> {
      const headers = { ...(columns !== undefined && { 'x-csv2db-columns': columns }) };
      await sandbox.send(body, { contentType: 'text/csv', headers });
    },

    /** Runs a consumer until the queue is empty. @returns what it counted and logged. */
    async consume(table: string, flags: string[] = []) {
      const consumer = sandbox.start('consumer', ['--parallel', '1', '--table', table, ...flags]);
      const { inserted, duplicates, skipped, dead } = await finish(sandbox, consumer);
      return { inserted, duplicates, skipped, dead, log: consumer.log };
    },

    /** The status and the only line on standard error of a consumer that does not start. */
    async fails(table: string, env: Record<string, string> = {}): Promise<string> {
      const consumer = sandbox.start('consumer', ['--table', table], env);
      expect(await consumer.exit, consumer.output).toBe(1);
      expect(consumer.stderr).toMatch(/^error: [^\n]+\n$/);
      return consumer.stderr;
    },

    /** All of a table in `test`, each row as one text, in the order of those texts. */
    async rows(table: string): Promise<string[]> {
      const { rows } = await sandbox.pool.query<{ row: string }>(
        `SELECT t::text AS row FROM test.${table} AS t ORDER BY t::text COLLATE "C"`,
      );
      return rows.map(({ row }) => row);
    },

    /** Takes the dead letters: bodies, reasons and columns, in the order of the bodies. */
    async letters() {
      const taken = await sandbox.take('csv2db.dead');
      return taken
        .map(({ content, properties }) => {
          const headers: Record<string, unknown> = properties.headers ?? {};
          return {
            body: String(content),
            reason: String(headers['x-csv2db-reason']),
            columns: headers['x-csv2db-columns'],
          };
        })
        .sort((a, b) => (a.body < b.body ? -1 : 1));
    },
  };
}
