import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { announce, write } from '../consumer/test/status/ledger.ts';
import { describeWithPython } from './python.ts';
import { Sandbox, until } from './sandbox.ts';
import { Terminal } from './terminal.ts';

const ENDED = '2026-11-26T15:56:03.000Z';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.migrated();
  await sandbox.declareQueue();
});

afterAll(async () => {
  await sandbox.destroy();
});

beforeEach(async () => {
  await sandbox.pool.query('TRUNCATE csv2db_ledger, csv2db_announcements');
});

/** An import whose rows, from 1 on, are to be in the table up to a number, and dead behind that. */
async function record(importId: string, stored: number, dead = 0): Promise<void> {
  const numbers = Array.from({ length: stored + dead }, (_, index) => index + 1);
  await write(sandbox.pool, importId, {
    covered: numbers.slice(0, stored),
    refused: numbers.slice(stored),
    rejected: [],
    skipped: [],
    inserted: stored,
  });
}

const tell = (importId: string, announcement: object) =>
  announce(sandbox.pool, importId, announcement);

const started = (...args: string[]) => sandbox.start('consumer', ['status', '--wait', ...args]);

describe('consumer status --wait', () => {
  it('waits for the newest import, and ends with 0 when every row is there', async () => {
    await tell('old', { begun: '2026-11-25T00:00:00.000Z' });
    await tell('new', {});
    const run = started();
    let hasEnded = false;
    void run.exit.then(() => (hasEnded = true));
    await record('new', 1);
    await until('it has looked', isLookedAt);
    expect(hasEnded).toBe(false);
    await tell('new', { lastRow: 3, ended: ENDED });
    await record('new', 3);
    expect(await run.exit).toBe(0);
    expect(run.stdout).toMatch(/\nnew .* complete\n/);
  });

  it('goes on with that import when another one begins', async () => {
    await tell('new', {});
    const run = started();
    await until('it looks', isLookedAt);
    await until('it has looked', async () => !(await isLookedAt()));
    await tell('newer', { begun: '2026-11-27T00:00:00.000Z', lastRow: 0, ended: ENDED });
    await until('it looks again', isLookedAt);
    await tell('new', { lastRow: 1, ended: ENDED });
    await record('new', 0, 1);
    expect(await run.exit).toBe(1);
    expect(run.stdout).toMatch(/\nnew .* complete\n/);
  });

  it('ends with 1 when a row is a dead letter', async () => {
    await tell('one', { lastRow: 3, ended: ENDED });
    await record('one', 2, 1);
    const run = started('one', '--json');
    expect(await run.exit).toBe(1);
    expect(JSON.parse(run.stdout)).toMatchObject({ state: 'complete', dead: 1 });
    expect(run.stderr).toBe('warning: 1 rows are dead: "consumer dead list" tells why\n');
  });

  it('ends with 3 when its time is over', async () => {
    await tell('one', {});
    const run = started('--timeout', '3s');
    expect(await run.exit).toBe(3);
    expect(run.stdout).toMatch(/\none .* running\n/);
  });

  it('does not say that there is no import where it had no time to look', async () => {
    await tell('one', {});
    const run = started('--timeout', '1ms');
    expect(await run.exit).toBe(3);
    expect(run.output).toBe('warning: the time was over before the ledger was read\n');
  });

  it('waits for an import that is about to begin', async () => {
    const run = started('soon');
    await until('it has looked', isLookedAt);
    await tell('soon', { lastRow: 0, ended: ENDED });
    expect(await run.exit).toBe(0);
  });

  it('waits while the broker is out', async () => {
    await tell('one', { lastRow: 3, ended: ENDED });
    const env = { FC_CONSUMER_QUEUE_ADDR: '127.0.0.1:1' };
    const run = sandbox.start('consumer', ['status', '--wait', '--timeout', '3s'], env);
    expect(await run.exit).toBe(3);
  });

  it('outlasts an outage of the database', async () => {
    await tell('one', {});
    const user = `${sandbox.databaseName}_guest`;
    await sandbox.pool.query(`CREATE ROLE ${user} LOGIN PASSWORD 'guest' CONNECTION LIMIT 0`);
    try {
      await sandbox.pool.query(`GRANT SELECT ON csv2db_ledger, csv2db_announcements TO ${user}`);
      const env = { FC_CONSUMER_DB_USER: user, FC_CONSUMER_DB_PASS: 'guest' };
      const run = sandbox.start('consumer', ['status', '--wait'], env);
      await until('it is out', () => /^warning: .* waiting until it works\n$/.test(run.stderr));
      await sandbox.pool.query(`ALTER ROLE ${user} CONNECTION LIMIT -1`);
      await tell('one', { lastRow: 0, ended: ENDED });
      expect(await run.exit).toBe(0);
    } finally {
      await sandbox.pool.query(`DROP OWNED BY ${user}`);
      await sandbox.pool.query(`DROP ROLE ${user}`);
    }
  });

  it('ends with 130 on SIGINT', async () => {
    await tell('one', {});
    const run = started();
    await until('it has looked', isLookedAt);
    run.kill('SIGINT');
    expect(await run.exit).toBe(130);
    expect(run.output).toBe('');
  });
});

/** Whether somebody has read the ledger of this database since the last test began. */
async function isLookedAt(): Promise<boolean> {
  const { rows } = await sandbox.pool.query<{ isThere: boolean }>(
    `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()
       AND application_name = 'csv2db consumer') AS "isThere"`,
  );
  return rows[0]?.isThere === true;
}

it('--watch is one line and status 1 where there is no terminal', async () => {
  const run = sandbox.start('consumer', ['status', '--watch']);
  expect(await run.exit).toBe(1);
  expect(run.output).toBe('error: --watch needs a terminal: see --wait and --json\n');
});

describeWithPython('consumer status --watch', () => {
  const watching = (columns: number, rows: number, env: Record<string, string> = {}) =>
    new Terminal('consumer', ['status', '--watch'], { ...sandbox.env, ...env }, columns, rows);

  it('shows what happens, as wide as the terminal is, and leaves it as it was', async () => {
    await tell('one', { lastRow: 3, ended: ENDED });
    await record('one', 2);
    const terminal = watching(80, 24);
    const shows = (what: RegExp): boolean => terminal.screen.some((line) => what.test(line));
    await until('it is shown', () => shows(/^one +contacts.csv +3 +0 +2 +0 +0 +1 running$/));
    terminal.resize(40, 10);
    await until('it is narrow', () => shows(/^one +2 +0 +1 running$/));
    expect(Math.max(...terminal.screen.map(({ length }) => length))).toBeLessThanOrEqual(40);
    terminal.resize(120, 24);
    await until('it is wide', () => shows(/2026-11-26T15:55Z/));
    await record('one', 3);
    await until('it is complete', () => shows(/ complete$/));
    terminal.interrupt();
    expect(await terminal.exit).toBe(130);
    // the other screen, without a cursor, and back
    expect(terminal.output.startsWith('\u001B[?1049h\u001B[?25l\u001B[H')).toBe(true);
    expect(terminal.output.endsWith('\u001B[?25h\u001B[?1049l')).toBe(true);
  });

  it('goes on while the broker is out, and says so, however narrow the terminal is', async () => {
    await tell('one', { lastRow: 3, ended: ENDED });
    const terminal = watching(40, 24, { FC_CONSUMER_QUEUE_ADDR: '127.0.0.1:1' });
    const shows = (what: RegExp): boolean => terminal.screen.some((line) => what.test(line));
    await until('it is shown', () => shows(/^one .* 3 running$/));
    expect(Math.max(...terminal.screen.map(({ length }) => length))).toBeLessThanOrEqual(40);
    expect(terminal.screen.join(' ')).toMatch(
      /RabbitMQ at 127\.0\.0\.1:1 \(--queue-addr\) can't be reached: connection refused/,
    );
    await record('one', 3);
    await until('it is complete', () => shows(/^one .* complete$/));
    terminal.interrupt();
    expect(await terminal.exit).toBe(130);
  });

  it('is 80 columns wide on a terminal that tells no size', async () => {
    await tell('one', { lastRow: 3, ended: ENDED });
    const terminal = watching(0, 0);
    await until('it is shown', () => terminal.screen.length > 1);
    expect(terminal.screen[1]).toMatch(/^one +contacts.csv .* running$/);
    terminal.interrupt();
    expect(await terminal.exit).toBe(130);
  });

  it('shows the newest of more imports than the terminal has lines for', async () => {
    for (let day = 10; day < 30; day += 1) {
      await tell(`import-${day}`, { begun: `2026-11-${day}T00:00:00.000Z` });
    }
    const terminal = watching(80, 8);
    await until('it is shown', () => terminal.screen.length > 1);
    expect(terminal.screen).toHaveLength(8);
    expect(terminal.screen[0]).toMatch(/^import +file/);
    expect(terminal.screen[4]).toMatch(/^import-29 /);
    terminal.interrupt();
    expect(await terminal.exit).toBe(130);
  });
});
