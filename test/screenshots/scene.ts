import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Run } from '../processes.ts';
import type { Sandbox } from '../sandbox.ts';

const run = promisify(execFile);
const FIRST = ['Ada', 'Bob', 'Cid', 'Dora', 'Emil', 'Fay', 'Gus', 'Hana', 'Ivo', 'Jane'];
const LAST = ['Okafor', 'Lindqvist', 'Moreau', 'Tanaka', 'Silva', 'Novak', 'Haddad', 'Byrne'];

/** A consumer's table as somebody might have it, whose constraints refuse some rows. */
const TABLE = `
  ALTER TABLE contacts ALTER name TYPE varchar(60);
  ALTER TABLE contacts ADD CONSTRAINT no_throwaway_domain CHECK (email NOT LIKE '%@throwaway.example')`;

/** The rows of a file, numbered from `first` on: some in a thousand are rejected, refused or there already. */
function rows(first: number, count: number): string {
  return Array.from({ length: count }, (_, index) => {
    const n = first + index;
    const name = `${FIRST[n % FIRST.length]} ${LAST[(n >> 3) % LAST.length]}`;
    if (n % 977 === 0) return `${name},no address\n`;
    if (n % 1499 === 0) return `${name},${n}@throwaway.example\n`;
    if (n % 2503 === 0) return `${name.padEnd(70, '.')},${n}@long.example\n`;
    return `${name},${name.toLowerCase().replace(' ', '.')}.${n}@mail.example\n`;
  }).join('');
}

/** What goes on while the page is looked at. */
export interface Scene {
  /** Sends a file that consumers need a while for. */
  sendMore(): Promise<void>;
  /** Ends the import that runs. */
  end(): Promise<void>;
}

/** Plays imports that are complete, and one that runs. */
export async function playScene(sandbox: Sandbox): Promise<Scene> {
  await sandbox.pool.query(TABLE);
  const folder = await mkdtemp(join(tmpdir(), 'csv2db-scene-'));
  const send = (name: string, args: string[] = []): Run =>
    sandbox.start('producer', ['--file', join(folder, name), '--rows-per-message', '500', ...args]);
  const files = {
    'customers-2025.csv': rows(1, 120_000),
    'newsletter.csv': rows(90_000, 60_000),
    'trade-fair.csv': rows(400_000, 3_200),
  };
  const more = 'suppliers.csv';
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), content);
    await send(name).succeeds();
  }
  await writeFile(join(folder, more), rows(135_000, 700_000));
  // a pipe, into which rows come as they do
  const pipe = join(folder, 'shop-orders.csv');
  await run('mkfifo', [pipe]);
  const producer = send('shop-orders.csv');
  const input = createWriteStream(pipe);
  const over = new AbortController();
  const feeding = (async () => {
    for (let tick = 0; !over.signal.aborted; tick += 1) {
      const count = Math.round(900 + 700 * Math.sin(tick / 23) + 250 * Math.sin(tick / 5));
      if (!input.write(rows(1_000_000 + tick * 2_000, count))) await once(input, 'drain');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    input.end();
  })();
  return {
    sendMore: () => send(more).succeeds(),
    async end() {
      over.abort();
      await feeding;
      await producer.exit;
    },
  };
}
