import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { finish } from './finish.ts';
import { describeWithPython, python } from './python.ts';
import { until } from './sandbox.ts';
import { workbench } from './workbench.ts';

/** Reads a file as Python does, applies the rules, and prints the contacts, one of each email. */
const SCRIPT = `
import csv, io, json, re, sys
LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?'
EMAIL = re.compile("[a-zA-Z0-9.!#$%&'*+/=?^_\`{|}~-]+@" + LABEL + '(?:[.]' + LABEL + ')*')
csv.field_size_limit(1 << 30)
contacts = {}
file = io.TextIOWrapper(sys.stdin.buffer, encoding='utf-8-sig', newline='')
for row in csv.reader(file, strict=True):
    if len(row) == 2 and row[0] and len(row[1]) <= 254 and EMAIL.fullmatch(row[1]):
        contacts[row[1]] = row[0]
json.dump([{'name': contacts[email], 'email': email} for email in sorted(contacts)], sys.stdout)
`;

const bench = workbench();

/** Rows that are well-formed CSV; the name of one email is always the same. */
const row = fc
  .tuple(
    fc.constantFrom(
      'Ann',
      'Zoë 🦊',
      ' spaced ',
      'a;b',
      'T\tab',
      'C\\D',
      '\\N',
      'q, r',
      'say "so"',
      'l\nf',
    ),
    fc.nat(20_000),
    fc.constantFrom('@example.com', '@example.com', '@b', '@', '@-b', ''),
    fc.constantFrom('\n', '\n', '\n', '\r\n'),
    fc.nat(30),
  )
  .map(([name, number, domain, end, kind]) => {
    if (kind === 0) return `one field${end}`;
    if (kind === 1) return end;
    if (kind === 2) return `,nameless${number}@example.com${end}`;
    const own = `${name}${number}`;
    const isQuoted = kind === 3 || /[",\n]/.test(own);
    const field = isQuoted ? `"${own.replaceAll('"', '""')}"` : own;
    return `${field},${number}${name.length}.${name.charCodeAt(0)}${domain}${end}`;
  });
const plain = fc.nat(50_000).map((number) => `Person ${number},p.${number}@example.com\n`);

describeWithPython.each([2, 500])(
  'with %i rows a message, the table is what Python makes of',
  (rows) => {
    it.each(['plain rows, then awkward ones', 'awkward rows'])('%s', async (kind) => {
      const isPlain = kind === 'plain rows, then awkward ones';
      const mixed = fc.oneof({ weight: 1, arbitrary: plain }, { weight: 3, arbitrary: row });
      const lines = [
        // whole blocks of them, and then of others
        ...fc.sample(plain, { numRuns: isPlain ? 30_000 : 1, seed: rows }),
        ...fc.sample(mixed, { numRuns: 10_000, seed: rows }),
      ];
      const file = await bench.fileOf(lines.join(''));
      const expected = (await python(SCRIPT, await readFile(file, 'utf8'))) as unknown[];
      const { sandbox } = bench;
      await sandbox.pool.query('TRUNCATE contacts');
      const produced = await bench.produce(['--file', file, '--rows-per-message', `${rows}`]);
      expect(produced.status).toBe(0);
      const consumer = sandbox.start('consumer');
      await until('all are there', async () => (await sandbox.countContacts()) === expected.length);
      await finish(sandbox, consumer);
      expect(await sandbox.contacts()).toEqual(expected);
      expect(await sandbox.ready('csv2db.dead')).toBe(0);
    });
  },
);
