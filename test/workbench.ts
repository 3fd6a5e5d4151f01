import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { StartOptions } from './processes.ts';
import { Sandbox } from './sandbox.ts';

/**
 * A sandbox with a table, an empty queue, and a new folder for each test of a file, to run the
 * producer in.
 */
export function workbench() {
  let sandbox: Sandbox;
  let folder: string;

  beforeAll(async () => {
    sandbox = await Sandbox.migrated();
    await sandbox.declareQueue();
  });
  afterAll(async () => {
    await sandbox.destroy();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
  });
  afterEach(async () => {
    await sandbox.channel.purgeQueue('csv2db');
    await rm(folder, { recursive: true });
  });

  return {
    get sandbox() {
      return sandbox;
    },
    get folder() {
      return folder;
    },

    /** Writes a file into the test's folder. */
    async fileOf(content: string | Buffer, name = 'rows.csv'): Promise<string> {
      const file = join(folder, name);
      await writeFile(file, content);
      return file;
    },

    /** Runs the producer to its end. */
    async produce(args: string[], options?: StartOptions, env: Record<string, string> = {}) {
      const run = sandbox.start('producer', args, env, options);
      const status = await run.exit;
      const messages = run.log.map(({ msg }) => String(msg));
      const summary = run.log.find(({ msg }) => /^(finished|stopped|failed): /.test(String(msg)));
      return { status, messages, summary, stderr: run.stderr, output: run.output };
    },

    /** The row numbers and emails that were published, in order. */
    async published(): Promise<[row: number, email: string][]> {
      const messages = await sandbox.take();
      return messages
        .map(({ content, properties }): [number, string] => {
          const { email } = JSON.parse(content.toString()) as { email: string };
          return [Number(properties.headers?.['x-csv2db-row']), email];
        })
        .toSorted(([a], [b]) => a - b);
    },
  };
}
