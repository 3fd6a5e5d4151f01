import { execFile } from 'node:child_process';
import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chdir, cwd } from 'node:process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findFiles } from '../../src/source/files.ts';
import { recorder } from './recorder.ts';

let folder: string;
const at = (name: string): string => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
  for (const name of [
    'b.csv',
    'a.csv',
    'a10.csv',
    'a2.csv',
    '.hidden.csv',
    'c [1].csv',
    'x.txt',
    'a.csv.rejects.csv',
    'a.csv.rejects-2.csv',
  ]) {
    await writeFile(at(name), name);
  }
  await mkdir(at('sub.csv'));
  await writeFile(at('sub.csv/d.csv'), 'd');
  await promisify(execFile)('mkfifo', [at('pipe')]);
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function find(...values: string[]) {
  const { log, lines } = recorder();
  const files = await findFiles(values, log);
  return { files: files.map(({ name }) => name), lines };
}

describe('--file', () => {
  it.each<[string, string[], string[]]>([
    ['a path', ['a.csv'], ['a.csv']],
    ['several, in their order', ['b.csv', 'a.csv'], ['b.csv', 'a.csv']],
    ['a pattern: all files that fit, by name', ['a*.csv'], ['a.csv', 'a10.csv', 'a2.csv']],
    [
      'a pattern, without folders, hidden files and rejected rows',
      ['*.csv'],
      ['a.csv', 'a10.csv', 'a2.csv', 'b.csv', 'c [1].csv'],
    ],
    ['a pattern for folders', ['**/d.csv'], ['sub.csv/d.csv']],
    ['alternatives', ['{b,a}.csv'], ['a.csv', 'b.csv']],
    ['rejected rows by their name', ['a.csv.rejects.csv'], ['a.csv.rejects.csv']],
    ['a name that would be a pattern', ['c [1].csv'], ['c [1].csv']],
    ['a named pipe', ['pipe'], ['pipe']],
  ])('takes %s', async (_, values, files) => {
    expect(await find(...values.map(at))).toEqual({ files: files.map(at), lines: [] });
  });

  it('takes patterns that begin at the working folder, or above it', async () => {
    const before = cwd();
    chdir(at('sub.csv'));
    try {
      expect((await find('*.csv')).files).toEqual(['d.csv']);
      expect((await find('./d*')).files).toEqual(['d.csv']);
      expect((await find('../a1*.csv')).files).toEqual(['../a10.csv']);
    } finally {
      chdir(before);
    }
  });

  it.each(['-', '/dev/stdin'])('takes standard input as %s', async (name) => {
    expect((await find(name)).files).toEqual([name]);
  });

  it('takes a file that is named twice once, and says so', async () => {
    await symlink(at('a.csv'), at('link.csv'));
    await link(at('a.csv'), at('hard.csv'));
    const { files, lines } = await find(at('a.csv'), at('a*.csv'), at('link.csv'), at('hard.csv'));
    expect(files).toEqual(['a.csv', 'a10.csv', 'a2.csv'].map(at));
    expect(lines).toEqual(
      ['a.csv', 'link.csv', 'hard.csv'].map(
        (name) => `--file ${at(name)} is the same file as ${at('a.csv')}: it is read once`,
      ),
    );
  });

  it.each<[string, string[], RegExp]>([
    ['a missing file', ['b.csv', 'no.csv'], /no.csv can't be read: there is no such file$/],
    [
      'a pattern that fits nothing',
      ['no*.csv'],
      /no\*.csv: there is no such file, and as a pattern it fits none$/,
    ],
    ['a folder', ['sub.csv'], /sub.csv is a folder: name a CSV file, or "\S+\/sub.csv\/\*.csv"$/],
    ['a broken link', ['broken'], /broken can't be read: there is no such file$/],
    ['a pipe twice', ['pipe', 'pipe'], /pipe can be read only once, and is named twice/],
  ])('refuses %s', async (_, values, message) => {
    await symlink(at('nowhere'), at('broken'));
    await expect(find(...values.map(at))).rejects.toThrow(message);
  });

  it('refuses standard input twice, by any name', async () => {
    await expect(find('-', '/dev/fd/0')).rejects.toThrow(
      /^--file \/dev\/fd\/0 can be read only once/,
    );
  });

  it.skipIf(process.getuid?.() === 0)(
    'refuses an unreadable file (root may read any)',
    async () => {
      await writeFile(at('secret.csv'), '', { mode: 0o000 });
      await expect(find(at('secret.csv'))).rejects.toThrow(
        /secret.csv can't be read: permission denied$/,
      );
    },
  );
});
