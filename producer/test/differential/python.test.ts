import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONTENT_TYPE } from '@csv2db/libs/message.ts';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithPython, python } from '../../../test/python.ts';
import { type GeneratedFile, generatedFile } from './files.ts';
import { rowsOf } from './producer.ts';

/** Reads each file, and the messages of rows that were made of it; prints the rows of both. */
const SCRIPT = `
import csv, gzip, io, json, sys
def rows_of(file, **dialect):
    return [row for row in csv.reader(file, strict=True, **dialect) if row]
def expected(path, encoding, isGzip, delimiter, quote, hasHeader, width, places):
    dialect = {'quotechar': quote} if quote else {'quoting': csv.QUOTE_NONE, 'quotechar': None}
    with (gzip.open if isGzip else open)(path, 'rt', encoding=encoding, newline='') as file:
        rows = rows_of(file, delimiter=delimiter, **dialect)[1 if hasHeader else 0:]
    return [[row[place] for place in places] for row in rows if len(row) == width]
def sent(messages):
    for rows in messages:
        yield from rows if isinstance(rows, list) else rows_of(io.StringIO(rows, newline=''))
json.dump([[expected(case['path'], **case['reading']), list(sent(case['messages']))]
           for case in json.load(sys.stdin)], sys.stdout)
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Files that are read at the same time. */
const AT_ONCE = 8;

/** What is sent of files and what Python reads of them, row by row, and what was rejected. */
async function compared(files: readonly GeneratedFile[]) {
  const cases: Awaited<ReturnType<typeof produced>>[] = [];
  for (let at = 0; at < files.length; at += AT_ONCE) {
    cases.push(...(await Promise.all(files.slice(at, at + AT_ONCE).map(produced))));
  }
  const answers = (await python(SCRIPT, JSON.stringify(cases))) as [string[][], string[][]][];
  return answers.map(([expected, sent], index) => ({
    expected,
    sent,
    rejects: cases[index]?.rejects ?? [],
    ...(files[index] ?? expect.fail()),
  }));
}

/** The messages of a file as Python takes them: rows, or their text. */
async function produced(file: GeneratedFile) {
  const path = join(folder, randomUUID());
  await writeFile(path, file.bytes);
  const { messages, rejects } = await rowsOf(path, file);
  await writeFile(path, file.wellFormed);
  return {
    path,
    reading: file.reading,
    rejects,
    messages: messages.map(({ body, contentType }) => {
      const text = body.toString();
      if (contentType === CONTENT_TYPE.csv) return text;
      const row = JSON.parse(text) as Record<string, string | null>;
      return [file.wishes.columns.map(({ name }) => row[name] ?? '')];
    }),
  };
}

describeWithPython('the rows that are sent', () => {
  it('are those that Python reads, of 5,000 files of many forms', async () => {
    const files = fc.sample(generatedFile(false), { numRuns: 5_000, seed: 16 });
    let rows = 0;
    for (const { sent, expected, bytes, ...file } of await compared(files)) {
      expect(sent, shown(file, bytes)).toEqual(expected);
      rows += sent.length;
    }
    expect(rows).toBeGreaterThan(20_000);
  });

  it('are all but a broken one, which is rejected alone', async () => {
    const files = fc.sample(generatedFile(true), { numRuns: 1_500, seed: 16 });
    let broken = 0;
    for (const { sent, expected, bytes, wellFormed, rejects, ...file } of await compared(files)) {
      expect(sent, shown(file, bytes)).toEqual(expected);
      const reasons = rejects.filter(({ reason }) => reason.includes('quote'));
      expect(reasons, shown(file, bytes)).toHaveLength(bytes === wellFormed ? 0 : 1);
      broken += reasons.length;
    }
    expect(broken).toBeGreaterThan(400);
  });
});

function shown(file: object, bytes: Buffer): string {
  return `${JSON.stringify(file)}\n${bytes.toString('latin1')}`;
}
