import { beforeEach, describe, expect, it } from 'vitest';
import { finish } from './finish.ts';
import { Sandbox } from './sandbox.ts';

const CSV = { contentType: 'text/csv' };

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await Sandbox.migrated();
  return () => sandbox.destroy();
});

/** Runs a consumer until the queue is empty. @returns what it counted. */
async function consume(flags: string[] = []): Promise<string> {
  const consumer = sandbox.start('consumer', ['--log-level', 'debug', ...flags]);
  return String((await finish(sandbox, consumer))['msg']);
}

/** The bodies and reasons of the dead letters. */
async function letters() {
  const taken = await sandbox.take('csv2db.dead');
  return taken.map(({ content, properties }) => {
    const headers: Record<string, unknown> = properties.headers ?? {};
    expect(properties.contentType).toMatch(/^text\/csv/i);
    return [content.toString('latin1'), headers['x-csv2db-reason'], headers['x-csv2db-row']];
  });
}

describe('of a foreign message of CSV every good row is stored, and the others are dead letters:', () => {
  it.each([
    [
      'another number of columns',
      'A,a@b\nalone\nB,b@c,more\nC,c@d\n',
      ['a@b', 'c@d'],
      [
        ['B,b@c,more\n', '3 fields instead of 2 (name,email)', 12],
        ['alone\n', '1 field instead of 2 (name,email)', 11],
      ],
    ],
    ['what ends data for COPY', '\\.\nA,a@b\n', ['a@b'], [['\\.\n', /^1 field instead/, 10]]],
    ['what COPY takes for NULL', '\\N,a@b\nB\\tb,b@c\n', ['a@b', 'b@c'], []],
    [
      'a quote left open',
      'A,a@b\n"B,b@c\nC,c@d\n',
      ['a@b', 'c@d'],
      [['"B,b@c\n', 'a quoted field is not closed', 11]],
    ],
    ['Windows line ends', 'A,a@b\r\n\r\n"B\r\nb",b@c\r\n', ['a@b', 'b@c'], []],
    ['carriage returns alone', 'A,a@b\rB,b@c\r', ['a@b', 'b@c'], []],
    [
      'bytes that are not UTF-8',
      Buffer.from('A,a@b\nZoë,b@c\nC,c@d\n', 'latin1'),
      ['a@b', 'c@d'],
      [['Zoë,b@c\n', 'the row is not valid UTF-8', 11]],
    ],
    ['NUL', 'A,a@b\nN\0,b@c\n', ['a@b'], [['N\0,b@c\n', /^invalid byte sequence/, 11]]],
    ['empty fields, which are empty for contacts', 'A,a@b\n,e@b\nE,\nF,\n', ['', 'a@b', 'e@b'], []],
    ['no last line feed', 'A,a@b\nB,b@c', ['a@b', 'b@c'], []],
    ['blank lines', '\nA,a@b\n\n\nB,b@c\n\n', ['a@b', 'b@c'], []],
    ['a byte order mark', '\ufeffA,a@b\n', ['a@b'], []],
    ['nothing', '', [], [['', 'the body has no row', 10]]],
    ['line breaks alone', '\r\n\n', [], [['\r\n\n', 'the body has no row', 10]]],
  ] as const)('%s', async (_, body, emails, dead) => {
    const options = { ...CSV, headers: { 'x-csv2db-row': 10 } };
    await sandbox.send(body, options);
    // another good one, to which nothing of the first may spread
    await sandbox.send('Last,last@b\n', options);
    await consume();
    expect((await sandbox.contacts()).map(({ email }) => email)).toEqual([...emails, 'last@b']);
    const found = await letters();
    expect(found.toSorted()).toEqual(
      dead.map(([body, reason, row]) => [
        body,
        reason instanceof RegExp ? (expect.stringMatching(reason) as unknown) : reason,
        row,
      ]),
    );
  });

  it('its values are stored as they are', async () => {
    await sandbox.send(`\\N,n@b\n"say ""so"", he",q@b\n t\tb ,t@b\n"l\nf",l@b\n\ufeffm,m@b\n`, CSV);
    await consume();
    expect(await sandbox.contacts()).toEqual([
      { name: 'l\nf', email: 'l@b' },
      { name: '\ufeffm', email: 'm@b' },
      { name: '\\N', email: 'n@b' },
      { name: 'say "so", he', email: 'q@b' },
      { name: ' t\tb ', email: 't@b' },
    ]);
  });

  it('also of one of 14 MB', async () => {
    const rows = Array.from(
      { length: 400_000 },
      (_, row) => `Some Name ${row},${row}@example.com\n`,
    );
    rows[300_000] = 'bad\n';
    await sandbox.send(rows.join(''), CSV);
    expect(await consume()).toMatch(/399,999 rows inserted, 0 duplicates, 1 dead/);
    expect(await letters()).toEqual([['bad\n', '1 field instead of 2 (name,email)', undefined]]);
  });
});

it('what the content type has behind a semicolon changes nothing', async () => {
  await sandbox.send('A,a@b\n', { contentType: 'Text/CSV; charset=utf-8; header=absent' });
  await consume();
  expect(await sandbox.contacts()).toEqual([{ name: 'A', email: 'a@b' }]);
});

it('CSV, JSON arrays and single rows arrive from one queue, and each row once', async () => {
  for (let part = 0; part < 60; part += 1) {
    const rows = Array.from({ length: 20 }, (_, row) => {
      const number = (part * 20 + row) % 1_000;
      return { name: `Name ${number}`, email: `${number}@example.com` };
    });
    const lines = rows.map(({ name, email }) => `${name},${email}\n`).join('');
    if (part % 3 === 0) await sandbox.send(JSON.stringify(rows));
    else if (part % 3 === 1) await sandbox.send(lines, CSV);
    else for (const row of rows) await sandbox.send(JSON.stringify(row));
  }
  expect(await consume()).toMatch(/1,000 rows inserted, 200 duplicates, 0 dead/);
  expect(await sandbox.countContacts()).toBe(1_000);
});

it('once duplicates were met, the rows of plain bodies keep their values and their outcomes', async () => {
  await sandbox.send('First,same@b\nSecond,same@b\n', CSV);
  const rows = Array.from({ length: 3_000 }, (_, row) => `Zoë ${row},${row}ë@b\n`);
  await sandbox.send(rows.join(''), CSV);
  await sandbox.send(`New,new@b\n${rows.slice(1_000, 2_000).join('')}N\0,0ë@b\nLast,last@b\n`, CSV);
  expect(await consume(['--parallel', '1', '--prefetch', '1'])).toMatch(
    /3,003 rows inserted, 1,001 duplicates, 1 dead/,
  );
  const contacts = new Map((await sandbox.contacts()).map(({ name, email }) => [email, name]));
  expect(contacts.get('1500ë@b')).toBe('Zoë 1500');
  expect([...contacts.keys()]).toEqual(expect.arrayContaining(['new@b', 'last@b', 'same@b']));
});

it.each([
  ['"First, A",a@b\n', 'Second,a@b\n'],
  ['First,a@b\nbad\n', '"Second",a@b\n'],
  ['First,a@b\n', 'Second,a@b\n'],
])('of %j and %j the first one stays', async (first, second) => {
  await sandbox.send(first, CSV);
  await sandbox.send(second, CSV);
  await consume(['--parallel', '1', '--prefetch', '4']);
  expect((await sandbox.contacts()).map(({ name }) => name.slice(0, 5))).toEqual(['First']);
});

// a cast to a domain cuts what is too long, an assignment refuses it
it('a value that is too long for the domain of its column is refused on every way', async () => {
  await sandbox.pool.query(
    'CREATE DOMAIN short AS varchar(5); ALTER TABLE contacts ALTER COLUMN name TYPE short',
  );
  await sandbox.send('A,a@b\nAgain,a@b\n', CSV);
  await sandbox.send('B,b@b\nToo long,b@c\nC,a@b\n', CSV);
  await sandbox.send('"D",d@b\n"Too long",d@c\n', CSV);
  expect(await consume(['--parallel', '1', '--prefetch', '1'])).toMatch(/3 rows .* 2 dead letters/);
  expect((await sandbox.contacts()).map(({ name }) => name)).toEqual(['A', 'B', 'D']);
});

it('a letter of CSV is exported with its name, email and reason', async () => {
  await sandbox.pool.query(`ALTER TABLE contacts ADD CHECK (name <> 'A, "B"')`);
  await sandbox.send('"A, ""B""",a@b\nC,c@d\n', CSV);
  await sandbox.send('alone\n', CSV);
  await consume();
  const run = sandbox.start('consumer', ['dead', 'export']);
  await run.succeeds();
  const lines = run.stdout.trimEnd().split('\n').toSorted();
  expect(lines).toHaveLength(2);
  expect(lines[0]).toBe('"","","1 field instead of 2 (name,email)"');
  expect(lines[1]).toMatch(/^"A, ""B""","a@b","new row .* violates check constraint/);
});

// two COPYs that share emails in different orders wait for each other
it('batches of the same emails in opposite orders are stored once, and hold up nobody', async () => {
  const rows = Array.from({ length: 20_000 }, (_, row) => `Name ${row},${row}.x@example.com\n`);
  const bodies = [rows.join(''), rows.toReversed().join('')];
  for (let pair = 0; pair < 6; pair += 1) await sandbox.send(bodies[pair % 2] ?? '', CSV);
  expect(await consume(['--parallel', '2', '--prefetch', '1'])).toMatch(
    /20,000 rows inserted, 100,000 duplicates, 0 dead/,
  );
});

it('a dead row of CSV is replayed as CSV', async () => {
  await sandbox.pool.query(`ALTER TABLE contacts ADD CHECK (name <> 'A, "B"')`);
  await sandbox.send('"A, ""B""",a@b\nC,c@d\n', CSV);
  await consume();
  expect(await sandbox.ready('csv2db.dead')).toBe(1);
  await sandbox.pool.query('ALTER TABLE contacts DROP CONSTRAINT contacts_name_check');
  await sandbox.start('consumer', ['dead', 'replay']).succeeds();
  await consume();
  expect(await sandbox.contacts()).toEqual([
    { name: 'A, "B"', email: 'a@b' },
    { name: 'C', email: 'c@d' },
  ]);
});
