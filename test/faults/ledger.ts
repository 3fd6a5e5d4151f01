import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { HEADERS } from '@csv2db/libs/message.ts';
import { expect } from 'vitest';
import type { Sandbox } from '../sandbox.ts';
import { POISON } from './rows.ts';

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

/** The lines of a file, which may be gzipped. */
export async function linesOf(file: string): Promise<string[]> {
  const bytes = await readFile(file);
  const text = file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
  return text.toString().split('\n').slice(0, -1);
}

/**
 * What has to become of lines of names and emails, by a plain look at them.
 *
 * @param isMended whether the database takes what was poison.
 */
export function expectedOf(lines: readonly string[], isMended = false) {
  const stored = new Set<string>();
  const counts = { read: lines.length, rejected: 0, inserted: 0, duplicate: 0, dead: 0 };
  for (const line of lines) {
    const [name = '', email = ''] = line.split(',');
    if (!email.includes('@')) counts.rejected += 1;
    else if (name === POISON && !isMended) counts.dead += 1;
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
  const accounts = await status(sandbox);
  const imports = accounts.filter((account) => account.import !== null);
  const inserted = accounts.reduce((sum, account) => sum + account.inserted, 0);
  const stored = await sandbox.countContacts();
  const said = JSON.stringify(accounts);
  // a part of a batch that was lost is in the table, and pending until its rows are sent again
  if (imports.every(({ state }) => state === 'complete')) expect(inserted, said).toBe(stored);
  else expect(inserted, said).toBeLessThanOrEqual(stored);
  const dead = imports.reduce((sum, account) => sum + account.dead, 0);
  for (const row of await takeDeadRows(sandbox)) deadRows.add(row);
  expect(dead, said).toBe(deadRows.size);
  return imports;
}

/** What the ledger says of one import, now: each row that was read has one outcome. */
export async function accountOf(sandbox: Sandbox, id: string): Promise<Account> {
  const [account] = await status(sandbox, id);
  if (!account) throw new Error(`the ledger says nothing of the import ${id}`);
  return account;
}

async function status(sandbox: Sandbox, ...args: string[]): Promise<Account[]> {
  const run = sandbox.start('consumer', ['status', ...args, '--json']);
  await run.succeeds();
  const accounts = run.stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Account);
  for (const account of accounts) {
    const { rejected, inserted, duplicate, skipped, dead, pending, read } = account;
    if (account.import === null || read === null) continue;
    const sum = rejected + inserted + duplicate + skipped + dead + (pending ?? NaN);
    expect(sum, run.stdout).toBe(read);
  }
  return accounts;
}

/** Takes the dead letters. @returns the rows that they name, each with its import. */
async function takeDeadRows(sandbox: Sandbox): Promise<string[]> {
  return (await sandbox.take('csv2db.dead')).flatMap(({ properties }) => {
    const headers: Record<string, unknown> = properties.headers ?? {};
    const { [HEADERS.import]: id, [HEADERS.row]: row } = headers;
    return typeof id === 'string' && typeof row === 'number' ? [`${id} ${row}`] : [];
  });
}
