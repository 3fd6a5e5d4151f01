import { appendFile, copyFile, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Run } from './processes.ts';
import { until } from './sandbox.ts';
import { workbench } from './workbench.ts';

const bench = workbench();

describe('an import of a file that changes', () => {
  const rows = (letter: string): string =>
    Array.from(
      { length: 30_000 },
      (_, n) => `${letter} Number ${n},${letter}${n}@example.org\n`,
    ).join('');

  /** Imports a part, and stops. */
  async function begin(file: string): Promise<string[]> {
    const args = ['--file', file, '--checkpoint', `file:${join(bench.folder, 'checkpoint')}`];
    expect((await bench.produce([...args, '--limit', '12345'])).status).toBe(0);
    return args;
  }

  // the path was fingerprinted, while the old file was read
  it('is not resumed when another one was moved to its place meanwhile', async () => {
    const file = await bench.fileOf(rows('a'));
    const next = await bench.fileOf(rows('b'), 'next.csv');
    const args = ['--file', file, '--checkpoint', `file:${join(bench.folder, 'checkpoint')}`];
    const run = bench.sandbox.start('producer', [...args, '--parallel', '1']);
    await until('rows are there', async () => (await bench.sandbox.ready()) > 100);
    await rename(next, file);
    run.kill('SIGTERM');
    await run.exit;
    const { status, stderr } = await bench.produce([...args, '--resume']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: --resume: \S+ is not what was checkpointed: [^\n]+\n$/);
  });

  it('is not resumed when a copy of it took its name', async () => {
    const file = await bench.fileOf(rows('a'));
    const args = await begin(file);
    await copyFile(file, `${file}.copy`);
    await rename(`${file}.copy`, file);
    const { status, stderr } = await bench.produce([...args, '--resume']);
    expect(status).toBe(1);
    expect(stderr).toContain('another file has taken its name');
  });

  it('says that the last line has no line break', async () => {
    const { status, messages } = await bench.produce([
      '--file',
      await bench.fileOf('Ann,ann@example.org\nBob,bob@exam'),
    ]);
    expect(status).toBe(0);
    const said = /^the last line of \S+ has no line break: the file may be incomplete$/;
    expect(messages).toContainEqual(expect.stringMatching(said));
  });

  /** Changes a file while it is read: a part of it is not read yet. */
  async function changed(file: string, change: (file: string) => Promise<void>): Promise<Run> {
    // small blocks, of which one worker has four on their way
    const flags = ['--rows-per-message', '99', '--parallel', '1'];
    const run = bench.sandbox.start('producer', ['--file', file, ...flags]);
    await until('rows are there', async () => (await bench.sandbox.ready()) > 0);
    run.kill('SIGSTOP');
    await change(file);
    run.kill('SIGCONT');
    await run.exit;
    return run;
  }

  type Change = [string, (file: string) => Promise<void>, RegExp];
  const SHRUNK = 100_000;
  const REWRITTEN: Change = [
    'was written to',
    async (file) => writeFile(file, await readFile(file)),
    /was written to/,
  ];
  const [DELETED, REPLACED]: [Change, Change] = [
    ['was deleted', (file) => rm(file), /was deleted/],
    ['was replaced', (file) => rename(`${file}.next`, file), /was replaced/],
  ];

  it.each<Change>([
    ['grew', (file) => appendFile(file, 'More,more@example.org\n'), /grew from \d+ to \d+ bytes/],
    ['shrank', (file) => truncate(file, 900_000), /shrank from \d+ to 900000 bytes/],
    REWRITTEN,
    DELETED,
    REPLACED,
  ])('says that it %s', async (_, change, message) => {
    const file = await bench.fileOf(rows('a'));
    await bench.fileOf('x,x@example.org\n', 'rows.csv.next');
    const run = await changed(file, change);
    await run.succeeds();
    await run.logged(new RegExp(`${message.source} while it was read: import it again$`));
  });

  it.each<Change>([
    ['grew', (file) => appendFile(file, gzipSync('More,more@example.org\n')), /grew from \d+ to/],
    REWRITTEN,
    DELETED,
    REPLACED,
  ])('says, where it is compressed, that it %s', async (_, change, message) => {
    const file = await bench.fileOf(gzipSync(rows('a')));
    await bench.fileOf('x,x@example.org\n', 'rows.csv.next');
    const run = await changed(file, change);
    await run.succeeds();
    await run.logged(new RegExp(`${message.source}.* while it was read: import it again$`));
  });

  it.each<Change>([
    ['shrank', (file) => truncate(file, SHRUNK), /is cut off, its gzip data has no end/],
    ['got others behind it', (file) => appendFile(file, 'More'), /is damaged \(gzip: /],
    [
      'was exported anew',
      (file) => writeFile(file, gzipSync(rows('b'))),
      // by how far it was read: the new one may end in front of that
      /is damaged \(gzip: |is cut off, its gzip data has no end/,
    ],
  ])('fails, where it is compressed and %s', async (_, change, message) => {
    const run = await changed(await bench.fileOf(gzipSync(rows('a'))), change);
    expect(run.stderr).toMatch(message);
    expect(run.stderr).toMatch(/^error: [^\n]+; \d+ rows are processed\. Go on with: [^\n]+\n$/);
    expect(await run.exit).toBe(1);
  });
});
