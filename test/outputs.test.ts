import { link, mkdir, open, readFile, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { workbench } from './workbench.ts';

const bench = workbench();

describe('no output destroys a file:', () => {
  const FILE = 'One,k1@example.org\nTwo,k2@example.org\n';

  // the checkpoint replaced whatever was at its path
  it.each<[string, (file: string) => Promise<string>]>([
    ['the CSV file itself', (file) => Promise.resolve(file)],
    [
      'a link to it',
      async (file) => {
        await symlink(file, `${file}.link`);
        return `${file}.link`;
      },
    ],
    [
      'another name of it',
      async (file) => {
        await link(file, `${file}.twin`);
        return `${file}.twin`;
      },
    ],
    ['a file of something else', () => bench.fileOf('precious', 'notes.txt')],
    ['JSON of something else', () => bench.fileOf('{"version":1}', 'data.json')],
    ['a device', () => Promise.resolve('/dev/null')],
    ['a folder', () => Promise.resolve(bench.folder)],
  ])('--checkpoint refuses %s', async (_, place) => {
    const file = await bench.fileOf(FILE);
    const checkpoint = await place(file);
    const before = await readFile(checkpoint, 'utf8').catch(() => '');
    const { status, stderr } = await bench.produce([
      '--file',
      file,
      '--checkpoint',
      `file:${checkpoint}`,
    ]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: --checkpoint file:\S+ is [^\n]+: name another file\n$/);
    expect(await readFile(file, 'utf8')).toBe(FILE);
    expect(await readFile(checkpoint, 'utf8').catch(() => '')).toBe(before);
    expect(await bench.published()).toEqual([]);
  });

  it('--checkpoint takes an empty file, and its own', async () => {
    const file = await bench.fileOf(FILE);
    const checkpoint = await bench.fileOf('', 'checkpoint');
    for (let run = 0; run < 2; run += 1) {
      expect(
        (await bench.produce(['--file', file, '--checkpoint', `file:${checkpoint}`])).status,
      ).toBe(0);
    }
    expect(await readFile(checkpoint, 'utf8')).toContain('"rows":2');
  });
});

describe('the state folder', () => {
  it.each<[string, Record<string, string | undefined>]>([
    ['HOME is not absolute', { HOME: 'nowhere', XDG_STATE_HOME: undefined }],
    ['XDG_STATE_HOME is empty, and HOME not absolute', { HOME: '.', XDG_STATE_HOME: '' }],
  ])('is done without when %s', async (_, env) => {
    const run = bench.sandbox.start(
      'producer',
      ['--file', await bench.fileOf('A,a@example.org\n')],
      { ...env, FC_PRODUCER_CHECKPOINT: '' },
      { cwd: bench.folder },
    );
    await run.succeeds();
    await run.logged(/^no checkpoint is kept, as this user has no home folder: /);
  });

  it('is under HOME when XDG_STATE_HOME is empty', async () => {
    await mkdir(join(bench.folder, 'home'));
    const env = {
      HOME: join(bench.folder, 'home'),
      XDG_STATE_HOME: '',
      FC_PRODUCER_CHECKPOINT: '',
    };
    const run = bench.sandbox.start(
      'producer',
      ['--file', await bench.fileOf('A,a@example.org\n')],
      env,
    );
    await run.succeeds();
    expect((await stat(join(bench.folder, 'home/.local/state/csv2db'))).isDirectory()).toBe(true);
  });
});

it('standard output on a full disk is one line and status 1', async () => {
  const full = await open('/dev/full', 'w');
  const args = ['--file', await bench.fileOf('A,a@example.org\n')];
  const { status, stderr } = await bench.produce(args, { stdout: full.fd });
  await full.close();
  expect(status).toBe(1);
  expect(stderr).toMatch(/^error: standard output can't be written to: ENOSPC[^\n]+\n$/);
});
