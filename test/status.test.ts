import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { announce, write } from '../consumer/test/status/ledger.ts';
import { Sandbox } from './sandbox.ts';

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
  await sandbox.pool.query('TRUNCATE csv2db_ledger, csv2db_announcements, contacts');
});

async function consumer(args: string[], env: Record<string, string> = {}) {
  const run = sandbox.start('consumer', args, env);
  return { status: await run.exit, stdout: run.stdout, stderr: run.stderr };
}

const status = (...args: string[]) => consumer(['status', ...args]);

interface Rows {
  covered?: number[];
  refused?: number[];
  rejected?: number[];
  skipped?: number[];
  inserted?: number;
}

async function record(importId: string, rows: Rows): Promise<void> {
  const nothing = { covered: [], refused: [], rejected: [], skipped: [], inserted: 0 };
  await write(sandbox.pool, importId, { ...nothing, ...rows });
}

const tell = (importId: string, announcement: object) =>
  announce(sandbox.pool, importId, announcement);

/** Makes everything that is in the ledger a minute older. */
async function age(): Promise<void> {
  for (const table of ['csv2db_ledger', 'csv2db_announcements']) {
    await sandbox.pool.query(`UPDATE ${table} SET recorded = recorded - interval '1 min'`);
  }
}

/** An import of ten rows with each outcome. */
async function oneOfEach(importId: string): Promise<void> {
  await tell(importId, { lastRow: 10, ended: ENDED });
  await record(importId, { covered: [1, 2, 3, 4, 5, 6], skipped: [6], inserted: 4 });
  await record(importId, { refused: [7, 8], rejected: [9] });
  await record(importId, { covered: [8] });
  await age();
}

describe('consumer status', () => {
  it('shows what became of the rows of each import, the newest last, and what waits in the queues', async () => {
    await tell('old-import', {
      lastRow: 2,
      ended: ENDED,
      begun: '2026-11-25T00:00:00.000Z',
      files: [{ name: 'a.csv' }, { name: 'b.csv' }],
      fileCount: 2,
    });
    await record('old-import', { covered: [1, 2], inserted: 2 });
    await oneOfEach('1234567890');
    await sandbox.send('{"name":"A","email":"a@example.com"}');
    const { stdout, stderr, status: code } = await status();
    await sandbox.take();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(`\
import file         read rejected inserted duplicate dead pending state
old-im a.csv +1        2        0        2         0    0       0 complete
123456 contacts.csv   10        1        4         2    1       1 running
123456: skipped by the database: 1

messages in "csv2db": 1
dead letters in "csv2db.dead": 0
`);
  });

  it('is told as JSON with every number, an object a line', async () => {
    await oneOfEach('one');
    const { stdout } = await status('--json');
    const [line = '', ...others] = stdout.trimEnd().split('\n');
    expect(others).toEqual([]);
    const seen = JSON.parse(line) as Record<string, unknown>;
    expect(seen).toMatchObject({
      import: 'one',
      files: [{ name: 'data/contacts.csv', bytes: 100 }],
      begun: '2026-11-26T15:55:03.000Z',
      ended: ENDED,
      state: 'incomplete',
      read: 10,
      expected: 10,
      rejected: 1,
      inserted: 4,
      duplicate: 2,
      skipped: 1,
      dead: 1,
      pending: 1,
      unnumbered: 0,
    });
    expect(seen['recorded']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('has null in JSON for what is not known, as the size of a pipe', async () => {
    await tell('one', { files: [{ name: '-' }], bytes: undefined });
    const { stdout } = await status('--json');
    expect(JSON.parse(stdout)).toMatchObject({
      files: [{ name: '-', bytes: null }],
      bytes: null,
      ended: null,
      read: null,
      expected: null,
      pending: null,
      lastRow: null,
      etaSeconds: null,
    });
  });

  it('estimates how many rows an import has, and how long it takes, until it has ended', async () => {
    await tell('one', { estimate: { lastRow: 90, madeAt: 5 } });
    await tell('one', { estimate: { lastRow: 30, madeAt: 10 } });
    await record('one', { covered: [1, 2, 3, 4], inserted: 4 });
    const seen = async (): Promise<unknown> => JSON.parse((await status('--json')).stdout);
    const { stdout } = await status();
    expect(stdout).toMatch(/\none +contacts.csv +~30 .* ~26 running\n/);
    expect(stdout).toMatch(/\none: \d rows\/s, \d+s left\n/);
    expect(await seen()).toMatchObject({
      read: null,
      expected: 30,
      pending: null,
      etaSeconds: expect.any(Number) as number,
    });
    // more rows than expected
    await record('one', { covered: [40], inserted: 1 });
    expect(await seen()).toMatchObject({ expected: 40 });
    await tell('one', { lastRow: 41, ended: ENDED });
    expect(await seen()).toMatchObject({ read: 41, expected: 41, pending: 36 });
  });

  it('calls an import running until nothing happens any more, and complete when all is there', async () => {
    const stateOf = async (): Promise<string> =>
      /running|\w*complete/.exec((await status()).stdout)?.[0] ?? '';
    await tell('one', {});
    expect(await stateOf()).toBe('running');
    await record('one', { covered: [1], inserted: 1 });
    await age();
    expect(await stateOf()).toBe('incomplete');
    await sandbox.send('{"name":"A","email":"a@example.com"}');
    expect(await stateOf()).toBe('running');
    await sandbox.take();
    await tell('one', { lastRow: 1, ended: ENDED });
    expect(await stateOf()).toBe('complete');
    // it was resumed behind its end
    await record('one', { covered: [2], inserted: 1 });
    expect((await status()).stdout).toMatch(/ 2\+ +0 +2 +0 +0 +\? running$/m);
  });

  it('counts what came without the name of an import, or the number of a row', async () => {
    await sandbox.pool.query(
      "INSERT INTO csv2db_ledger (import, unnumbered, inserted) VALUES ('', 5, 3), ('', 1, 1), ('one', 2, 2)",
    );
    const { stdout } = await status();
    expect(stdout).toContain('in messages that name no import: 6 rows, 4 inserted\n');
    expect(stdout).toContain('one: beside these, without their numbers: 2\n');
    const objects = (await status('--json')).stdout.trimEnd().split('\n');
    expect(objects.map((line) => JSON.parse(line) as unknown)).toContainEqual({
      import: null,
      rows: 6,
      inserted: 4,
    });
    expect((await status('one')).stdout).not.toContain('name no import');
  });

  it('keeps its form with names that are wide, or that a terminal would obey', async () => {
    await tell('one', { files: [{ name: '名簿'.repeat(20) }] });
    await tell('two', { files: [{ name: 'a\u001B[2J\nb' }] });
    await tell('three\n', { lastRow: 0, ended: ENDED });
    const lines = (await status()).stdout.split('\n');
    const [, ...rows] = lines.slice(0, lines.indexOf(''));
    expect(rows.map((row) => row.replace(/ +/g, ' '))).toEqual([
      expect.stringMatching(/^one (名簿)+….*簿 0\+ 0 0 0 0 \? running$/),
      expect.stringMatching(/^three\\n contacts.csv 0 0 0 0 0 0 complete$/),
      expect.stringMatching(/^two a\\u001b\[2J\\nb 0\+ 0 0 0 0 \? running$/),
    ]);
  });

  it('shows the ledger while the broker is out, and says so', async () => {
    await oneOfEach('one');
    const env = { FC_CONSUMER_QUEUE_ADDR: '127.0.0.1:1' };
    const shown = await consumer(['status'], env);
    expect(shown.status).toBe(0);
    expect(shown.stdout).toMatch(/^one .* incomplete$/m);
    expect(shown.stdout).toMatch(
      /^what waits in the queues is not known: .*127.0.0.1:1.*\nso what is incomplete .* may be running$/m,
    );
    const json = await consumer(['status', '--json'], env);
    expect(json).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^warning: .*:1/) as string,
    });
  });

  it('is one line and status 1 where the migration was not run', async () => {
    await sandbox.pool.query("INSERT INTO contacts VALUES ('A', 'a@b')");
    await consumer(['migrate', 'down']);
    try {
      for (const args of [
        ['status'],
        ['status', '--wait'],
        ['status', '--missing'],
        ['why', 'a@b'],
      ]) {
        const { status: code, stdout, stderr } = await consumer(args);
        expect({ args, code, stdout }).toEqual({ args, code: 1, stdout: '' });
        expect(stderr).toMatch(
          /^error: PostgreSQL at \S+ has no ledger in "\w+": .* "consumer migrate"\n$/,
        );
      }
    } finally {
      await sandbox.migrate();
    }
  });

  it('merges the entries of what is complete, where the user may, and shows the same', async () => {
    await oneOfEach('complete');
    await record('complete', { covered: [10], inserted: 1 });
    await oneOfEach('open');
    const entriesOf = async (id: string) => {
      const sql = 'SELECT FROM csv2db_ledger WHERE import = $1';
      return (await sandbox.pool.query(sql, [id])).rowCount;
    };
    const user = `${sandbox.databaseName}_reader`;
    await sandbox.pool.query(`CREATE ROLE ${user} LOGIN PASSWORD 'reader'`);
    try {
      await sandbox.pool.query(`GRANT SELECT ON csv2db_ledger, csv2db_announcements TO ${user}`);
      const env = { FC_CONSUMER_DB_USER: user, FC_CONSUMER_DB_PASS: 'reader' };
      const { stdout, stderr, status: code } = await consumer(['status', '--json'], env);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(await entriesOf('complete')).toBe(4);
      expect((await status('--json')).stdout).toBe(stdout);
      expect(await entriesOf('complete')).toBe(1);
      expect(await entriesOf('open')).toBe(3);
      expect((await status('--json')).stdout).toBe(stdout);
    } finally {
      await sandbox.pool.query(`DROP OWNED BY ${user}`);
      await sandbox.pool.query(`DROP ROLE ${user}`);
    }
  });

  it('forgets the estimates of what is complete', async () => {
    const begun = '2026-11-25T00:00:00.000Z';
    const estimate = { lastRow: 5, madeAt: 1 };
    await tell('complete', { begun, estimate });
    await tell('complete', { begun, estimate: { lastRow: 3, madeAt: 2 } });
    await tell('complete', { begun: '2026-11-24T00:00:00.000Z', estimate });
    await tell('open', { begun, estimate });
    await tell('complete', { begun, lastRow: 2, ended: ENDED });
    await record('complete', { covered: [1, 2], inserted: 2 });
    const { stdout } = await status('--json');
    const { rows } = await sandbox.pool.query(
      `SELECT import, announcement ->> 'begun' AS begun, announcement ? 'estimate' AS "isEstimate"
       FROM csv2db_announcements ORDER BY 1, 2`,
    );
    expect(rows).toEqual([
      // of a part whose end was never announced
      { import: 'complete', begun: '2026-11-24T00:00:00.000Z', isEstimate: true },
      { import: 'complete', begun, isEstimate: false },
      { import: 'open', begun, isEstimate: true },
    ]);
    expect((await status('--json')).stdout).toBe(stdout);
  });

  // each look read all of them
  it('merges what is old of an import that goes on, and of messages that name none, and shows the same', async () => {
    const { pool } = sandbox;
    const entries = async () => {
      const sql = 'SELECT import, count(*)::int FROM csv2db_ledger GROUP BY import ORDER BY import';
      return (await pool.query<{ import: string; count: number }>(sql)).rows;
    };
    await tell('long', {});
    await pool.query(`
      INSERT INTO csv2db_ledger (import, covered, inserted, recorded)
        SELECT 'long', int8multirange(int8range(10 * n, 10 * n + 8)), 7, now() - interval '2 min'
        FROM generate_series(1, 2000) AS n;
      INSERT INTO csv2db_ledger (import, unnumbered, inserted, recorded)
        SELECT '', 2, 1, now() - interval '2 min' FROM generate_series(1, 3000);
      INSERT INTO csv2db_ledger (import, covered, recorded)
        SELECT 'short', int8multirange(int8range(n, n + 1)), now() - interval '2 min'
        FROM generate_series(1, 999) AS n`);
    for (const row of [1, 2, 3]) await record('long', { covered: [row], inserted: 1 });
    const seen = async () => {
      const lines = (await status('--json')).stdout.trim().split('\n');
      return lines.map((line) => ({ ...(JSON.parse(line) as object), rowsPerSecond: 0 }));
    };
    const before = await seen();
    expect(before).toContainEqual(
      expect.objectContaining({ import: null, rows: 6_000, inserted: 3_000 }),
    );
    expect(await entries()).toEqual([
      { import: '', count: 1 },
      { import: 'long', count: 4 },
      { import: 'short', count: 999 },
    ]);
    expect(await seen()).toEqual(before);
  });

  it('says so where nothing is in the ledger', async () => {
    expect((await status()).stdout).toMatch(/^no import is in the ledger\n/);
    expect((await status('--missing')).stderr).toBe(
      'error: there is no import in the ledger yet\n',
    );
  });
});

describe('an import is found by', () => {
  beforeEach(async () => {
    const file = (name: string, begun: string) => ({ files: [{ name }], begun });
    await tell('abc-1', file('data/x.csv', '2026-11-24T00:00:00.000Z'));
    await tell('abc-2', file('data/x.csv', '2026-11-25T00:00:00.000Z'));
    await tell('abc', file('other/y.csv', '2026-11-23T00:00:00.000Z'));
    await record('never-announced', { covered: [1] });
  });

  it.each([
    ['its id, also where others begin with it', 'abc', 'abc'],
    ['the beginning of its id', 'nev', 'never-announced'],
    ['the name of its file, of which it is the newest', 'x.csv', 'abc-2'],
    ['the path of its file', 'other/y.csv', 'abc'],
  ])('%s', async (_, name, id) => {
    const { stdout } = await status(name, '--json');
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { import: string }).import),
    ).toEqual([id]);
  });

  it.each([
    [
      'several ids begin with it',
      'abc-',
      /^error: 2 imports begin with "abc-": "abc-2", "abc-1"\n$/,
    ],
    ['its name is empty', '', /^error: the name of the import is empty: .*\n$/],
    ['there is none', 'z\n', /^error: there is no import "z\\n" in the ledger: .*\n$/],
  ])('and not where %s', async (_, name, message) => {
    expect(await status(name)).toEqual({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(message) as string,
    });
  });
});

describe('consumer status --missing', () => {
  it('prints the rows that are missing as ranges, on one line, or nothing', async () => {
    await tell('one', { firstRow: 3, lastRow: 20, ended: ENDED });
    await record('one', { covered: [5, 6], refused: [8], rejected: [9, 10] });
    expect(await status('--missing')).toEqual({ status: 0, stdout: '3-4,7,11-20\n', stderr: '' });
    await record('one', { covered: [3, 4, 7, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20] });
    expect(await status('one', '--missing')).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('says that the end is not known of an import that has not ended, with status 1', async () => {
    await tell('one', {});
    await record('one', { covered: [2, 5] });
    const { status: code, stdout, stderr } = await status('--missing');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '1,3-4\n' });
    expect(stderr).toBe(
      'warning: the import has not ended: the rows behind 5, the last that arrived, are not known. Ask again once its producer has ended; ' +
        'where that was stopped or killed, bring it to its end with "producer --file data/contacts.csv --resume", or where its checkpoint ' +
        'is gone "producer --file data/contacts.csv --import-id one" (all of it again), and the flags that it began with\n',
    );
  });

  it('advises no --resume for a pipe, and shows no name that is none', async () => {
    await tell('pipe', { files: [{ name: '-' }], bytes: undefined });
    const pipe = await status('pipe', '--missing');
    expect(pipe.stderr).toMatch(
      /: none of its rows has arrived\. .* with "producer --file - --import-id pipe"/,
    );
    expect(pipe.stderr).not.toContain('--resume');
    await tell('odd', { files: [{ name: 'a\nwarning: \u001B[31mb' }] });
    const odd = await status('odd', '--missing');
    expect(odd.stderr).toMatch(/^warning: .* "producer --file … --resume", .*\n$/);
  });

  it('prints any number of ranges', async () => {
    await tell('one', { lastRow: 60_000, ended: ENDED });
    await sandbox.pool.query(
      `INSERT INTO csv2db_ledger (import, covered)
       SELECT 'one', int8multirange(int8range(i * 2, i * 2 + 1)) FROM generate_series(1, 30000) AS i`,
    );
    const { stdout } = await status('--missing');
    const numbers = Array.from({ length: 30_000 }, (_, index) => index * 2 + 1);
    expect(stdout).toBe(`${numbers.join(',')}\n`);
  });
});
