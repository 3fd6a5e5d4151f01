import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Sandbox } from '../../../test/sandbox.ts';
import type { Layout } from '../../src/database/layout.ts';
import { checkTable } from '../../src/database/table.ts';
import type { Trial } from '../../src/database/trial.ts';
import { copy, copyLines, copyRows } from '../../src/store/copy.ts';

let sandbox: Sandbox;
let client: pg.PoolClient;

beforeAll(async () => {
  sandbox = await Sandbox.create();
  await sandbox.migrate();
  client = await sandbox.pool.connect();
  await client.query(`
    CREATE DOMAIN positive AS int CHECK (VALUE > 0);
    CREATE DOMAIN small AS positive CHECK (VALUE < 100);
    CREATE DOMAIN code AS varchar(3);
    CREATE DOMAIN given AS text NOT NULL;
    CREATE DOMAIN amounts AS numeric(3, 1)[];
    CREATE TYPE mood AS ENUM ('sad', 'ok', 'a b');
    CREATE TYPE place AS (x int, name varchar(3));
    CREATE DOMAIN somewhere AS place CHECK ((VALUE).x > 0);
    CREATE DOMAIN hours AS interval hour;
    CREATE DOMAIN few_hours AS hours CHECK (VALUE < '6 hours');
    CREATE TYPE other_mood AS ENUM ('sad', 'ok');
    CREATE FUNCTION to_other_mood(text) RETURNS other_mood LANGUAGE plpgsql AS 'BEGIN RETURN ''ok''; END';
    CREATE CAST (text AS other_mood) WITH FUNCTION to_other_mood(text)`);
});

afterAll(async () => {
  client.release();
  await sandbox.destroy();
});

const TYPES = [
  'bool',
  'int2',
  'int8',
  'oid',
  'float4',
  'float8',
  'numeric',
  'numeric(4, 2)',
  'money',
  'text',
  'varchar(3)',
  'char(3)',
  'name',
  '"char"',
  'bytea',
  'bit(3)',
  'varbit(3)',
  'date',
  'time(1)',
  'timetz',
  'timestamp(0)',
  'timestamptz',
  'interval',
  'interval(1)',
  'interval hour to minute',
  'interval hour[]',
  'hours',
  'few_hours',
  'few_hours[]',
  'uuid',
  'inet',
  'cidr',
  'macaddr',
  'json',
  'jsonb',
  'jsonpath',
  'int4range',
  'tstzrange',
  'point',
  'box',
  'path',
  'tsvector',
  'tsquery',
  'pg_lsn',
  'int[]',
  'text[]',
  'varchar(2)[]',
  'char(2)[]',
  'bit(2)[]',
  'small',
  'code',
  'given',
  'amounts',
  'code[]',
  'mood',
  'mood[]',
  'other_mood',
  'other_mood[]',
  'regclass',
  'regclass[]',
  'regproc',
  'regtype',
  'xml',
  'place',
  'somewhere',
  'place[]',
];

/** Texts that some type takes, and some that hardly any does. */
const LITERALS = [
  ...['t', 'off', '1', '-1', '99', '100', '32768', '1e3', ' 7 ', '0x1F', '1.005', '99.995', 'NaN'],
  ...[
    '$1.50',
    'abc',
    'abc  ',
    'abcd',
    'é€🦊',
    'sad',
    'a b',
    'pg_class',
    '1259',
    '-',
    '<a/>',
    '{5}',
    '\\x00ff',
    '\\',
    'a\\nb',
    '101',
    '1010',
  ],
  ...['2020-02-29', '2019-02-29', '12:00:00.06', '12:00+02', '2020-02-29 12:00:00.6+00', 'epoch'],
  ...[
    '5',
    '5 days',
    '1.26 s',
    'P1DT2H',
    '1:30',
    'infinity',
    '{}',
    '{1,2}',
    '{1,NULL}',
    '{ab,"c,d"}',
  ],
  ...[
    '{abc}',
    '{10,11}',
    '{sad,"a b"}',
    '{9.95,1}',
    '{{1},{2}}',
    '(1,abc)',
    '(0,a)',
    '(1,abcd)',
    '(,)',
  ],
  ...[
    '{"(1,a)"}',
    '{"a": [1, null]}',
    '"x"',
    'null',
    '$.a',
    '[1,5)',
    '(,2020-01-01)',
    '1,2',
    '(1,2),(3,4)',
  ],
  ...['[(1,2),(3,4)]', 'a & b', "'it''s':1A", '0/16B3748', '::1/64', '10.0.0.0/8', '10.1.2.3/8'],
  ...['08:00:2b:01:02:03', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '', ' ', 'a\tb', 'l\nf', 'c\rr'],
];

const literal = fc.constantFrom(...LITERALS);
const value = fc.oneof(
  { weight: 6, arbitrary: literal },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 6 }) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(literal, fc.nat(20), fc.constantFrom('', ' ', '0', '-', '"', '\\', ',', '{', 'e'))
      .map(([text, at, more]) => text.slice(0, at) + more + text.slice(at + 1)),
  },
  { weight: 1, arbitrary: fc.constant(null) },
);

/** Does something in a transaction that is rolled back. @returns what is in the table then. */
async function outcome(work: () => Promise<unknown>): Promise<unknown> {
  await client.query('BEGIN');
  try {
    await work();
    const { rows } = await client.query<{ v: string | null }>('SELECT v::text FROM t');
    return rows;
  } catch (error) {
    // of two reasons, either may be found first
    if (error instanceof pg.DatabaseError) return 'refused';
    throw error;
  } finally {
    await client.query('ROLLBACK');
  }
}

/** What becomes of a value on each way into a table that can be taken for it. */
async function outcomes(layout: Layout, text: string | null): Promise<unknown[]> {
  const { copy: statements, insert, insertLines = '' } = layout;
  const ways = [() => client.query(insert, [[text]])];
  // otherwise it stands in quotes, or is no plain line
  const isPlain = text !== null && text !== '' && !/["\\,\r\n]/.test(text);
  if (isPlain) ways.push(() => client.query(insertLines, [text]));
  const copies = statements ? [copyRows([{ values: [text] }])] : [];
  if (statements && isPlain) copies.push(copyLines([Buffer.from(`${text}\n`)]));
  const found: unknown[] = [];
  for (const way of ways) found.push(await outcome(way));
  for (const data of copies) {
    if (statements) found.push(await outcome(() => copy(client, statements, data)));
  }
  return found;
}

/** Whether a trial finds that a value is refused. */
async function isRefused(trial: Trial | undefined, text: string | null): Promise<boolean> {
  let refused: unknown[] = [];
  const found = await outcome(async () => {
    if (trial === undefined) throw new Error('the user of the tests may run PL/pgSQL');
    await client.query(trial.give, [[text], [1], false]);
    await client.query(trial.run);
    refused = (await client.query(trial.refused)).rows;
  });
  return found === 'refused' || refused.length > 0;
}

// a cast cuts what is too long, and reads what COPY does not
it.each(TYPES)(
  'COPY and INSERT store and refuse the same values of %s, and a trial finds those',
  async (type) => {
    await client.query(`CREATE TABLE t (v ${type})`);
    try {
      const address = sandbox.databaseUrl;
      const table = await checkTable(client, {
        host: address.hostname,
        port: Number(address.port),
        user: address.username,
        password: () => address.password,
        name: sandbox.databaseName,
        table: 't',
        tls: undefined,
        statementTimeout: 10_000,
        flags: { address: '', login: '', name: '' },
      });
      const layout = table.layoutOf(['v']);
      const property = fc.asyncProperty(value, async (text) => {
        const [first, ...others] = await outcomes(layout, text);
        for (const other of others) expect(other).toEqual(first);
        expect(await isRefused(layout.trial, text)).toBe(first === 'refused');
      });
      await fc.assert(property, { numRuns: 120, seed: 1 });
    } finally {
      await client.query('DROP TABLE t');
    }
  },
);
