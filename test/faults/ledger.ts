import { readFile } from 'node:fs/promises';
import { HEADERS } from '@csv2db/libs/message.ts';
import { expect } from 'vitest';
import type { Sandbox } from '../sandbox.ts';

/** The name in rows that the database refuses, where a test has it do so. */
export const POISON = 'Poison';

/** An import, as `consumer status --json` prints it. */
export interface Account {
  import: string | null;
  state: string;
  read: number | null;
  rejected: number;
  inserted: number;
  duplicate: number;
  skipped: number;
  dead: number;
  pending: number | null;
}

/** What has to become of the rows of a file of names and emails, by a plain look at its lines. */
export async function expectedOf(file: string) {
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1);
  const stored = new Set<string>();
  const counts = { read: lines.length, rejected: 0, inserted: 0, duplicate: 0, dead: 0 };
  for (const line of lines) {
    const [name = '', email = ''] = line.split(',');
    if (!email.includes('@')) counts.rejected += 1;
    else if (name === POISON) counts.dead += 1;
    else if (stored.has(email)) counts.duplicate += 1;
    else stored.add(email);
  }
  counts.inserted = stored.size;
  return counts;
}

/**
 * What the ledger says of the imports, the newest last, when nothing is stored any more. Each row that was
 * read has one outcome, as many were inserted as a query counts, and as many are dead as letters name, which are
 * taken.
 *
 * @param deadRows the rows of letters that were taken before; those taken now come on top.
 */
export async function accountsOf(
  sandbox: Sandbox,
  deadRows = new Set<string>(),
): Promise<Account[]> {
  const run = sandbox.start('consumer', ['status', '--json']);
  await run.succeeds();
  const accounts = run.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Account);
  const imports = accounts.filter((account) => account.import !== null);
  for (const { read, rejected, inserted, duplicate, skipped, dead, pending } of imports) {
    if (read === null) continue;
    const sum = rejected + inserted + duplicate + skipped + dead + (pending ?? NaN);
    expect(sum, run.stdout).toBe(read);
  }
  const inserted = accounts.reduce((sum, account) => sum + account.inserted, 0);
  const stored = await sandbox.countContacts();
  // a part of a batch that was lost is in the table, and pending until its rows are sent again
  if (imports.every(({ state }) => state === 'complete')) expect(inserted, run.stdout).toBe(stored);
  else expect(inserted, run.stdout).toBeLessThanOrEqual(stored);
  const dead = imports.reduce((sum, account) => sum + account.dead, 0);
  for (const row of await takeDeadRows(sandbox)) deadRows.add(row);
  expect(dead, run.stdout).toBe(deadRows.size);
  return imports;
}

/** Takes the dead letters. @returns the rows that they name, each with its import. */
async function takeDeadRows(sandbox: Sandbox): Promise<string[]> {
  return (await sandbox.take('csv2db.dead')).flatMap(({ properties }) => {
    const headers: Record<string, unknown> = properties.headers ?? {};
    const { [HEADERS.import]: id, [HEADERS.row]: row } = headers;
    return typeof id === 'string' && typeof row === 'number' ? [`${id} ${row}`] : [];
  });
}
