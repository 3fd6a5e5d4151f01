import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from './sandbox.ts';
import { workbench } from './workbench.ts';

const bench = workbench();

/** Runs the producer as a user does, who has no variable that keeps rejected rows away. */
async function produce(...args: string[]) {
  return await bench.produce(args, undefined, { FC_PRODUCER_REJECTS: '' });
}

const read = async (path: string): Promise<string> => await readFile(path, 'utf8');

describe('rejected rows are in a file beside theirs,', () => {
  it('as they were, with the line and the reason of each', async () => {
    const rows = [
      'Jo,jo@b',
      ',empty@b',
      '"two\nlines",bad',
      'a"b,c@d',
      'one',
      'x,y,z',
      'Ji,ji@b',
      '',
    ];
    const file = await bench.fileOf(rows.join('\n'));
    const { messages, summary } = await produce('--file', file);
    expect(await read(`${file}.rejects.csv`)).toBe(
      [
        'name,email,line,reason',
        ',empty@b,2,the name is empty',
        '"two\nlines",bad,3,the email is not valid: bad',
        '"a""b,c@d",5,a quote stands inside a field that does not begin with one',
        'one,6,"1 field instead of 2 (name,email)"',
        'x,y,z,7,"3 fields instead of 2 (name,email)"',
        '',
      ].join('\n'),
    );
    expect(summary).toMatchObject({ rejected: 5 });
    expect(messages).toContain(
      `rejected rows are in ${file}.rejects.csv, with their lines and reasons`,
    );
  });

  it('which is imported when their cells are mended', async () => {
    const file = await bench.fileOf('Name;E-Mail;City\nJo;jo(at)b;X\nJi;ji@b;Y\n"A;B";a b@c;"Z"\n');
    const columns = ['--columns', 'name,email="e-mail"'];
    await produce('--file', file, ...columns);
    const rejects = `${file}.rejects.csv`;
    expect(await read(rejects)).toBe(
      'Name;E-Mail;City;line;reason\n' +
        'Jo;jo(at)b;X;2;the email is not valid: jo(at)b\n' +
        '"A;B";a b@c;"Z";4;the email is not valid: a b@c\n',
    );
    await writeFile(
      rejects,
      (await read(rejects)).replace('jo(at)b;', 'jo@b;').replace('a b@c;', 'ab@c;'),
    );
    expect(await produce('--file', rejects, ...columns)).toMatchObject({ status: 0 });
    expect((await bench.published()).map(([, email]) => email).toSorted()).toEqual([
      'ab@c',
      'ji@b',
      'jo@b',
    ]);
  });

  it('of which there is none when no row is rejected', async () => {
    await produce('--file', await bench.fileOf('Jo,jo@b\n'));
    expect(await readdir(bench.folder)).toEqual(['rows.csv']);
  });

  it('never over an older one', async () => {
    const file = await bench.fileOf('bad\nJo,jo@b\n');
    await writeFile(`${file}.rejects.csv`, 'mine');
    await produce('--file', file);
    await produce('--file', file);
    expect(await read(`${file}.rejects.csv`)).toBe('mine');
    expect(await read(`${file}.rejects-2.csv`)).toMatch(/^name,email,line,reason\nbad,1,/);
    expect(await read(`${file}.rejects-3.csv`)).toMatch(/^name,email,line,reason\nbad,1,/);
  });

  it('each file its own', async () => {
    await bench.fileOf('bad\nJo,jo@b\n', '1.csv');
    await bench.fileOf('Ji,ji@b\n', '2.csv');
    const third = await bench.fileOf('x;y\na;a@b\n', '3.csv');
    const { summary, messages } = await produce('--file', join(bench.folder, '*.csv'));
    expect(summary).toMatchObject({ read: 5, published: 3, rejected: 2 });
    expect((await readdir(bench.folder)).toSorted()).toEqual([
      '1.csv',
      '1.csv.rejects.csv',
      '2.csv',
      '3.csv',
      '3.csv.rejects.csv',
    ]);
    expect(await read(`${third}.rejects.csv`)).toBe(
      'name;email;line;reason\nx;y;1;the email is not valid: y\n',
    );
    expect(messages).toContainEqual(
      expect.stringMatching(`^row 4 \\(line 1 of ${third}\\) rejected`),
    );
  });
});

describe('--rejects', () => {
  it('names another file, which must not be there', async () => {
    const file = await bench.fileOf('bad\nJo,jo@b\n');
    const path = join(bench.folder, 'out.csv');
    expect(await produce('--file', file, '--rejects', path)).toMatchObject({ status: 0 });
    expect(await read(path)).toMatch(/^name,email,line,reason\nbad,1,/);
    const { status, stderr } = await produce('--file', file, '--rejects', path);
    expect(status).toBe(1);
    expect(stderr).toBe(`error: --rejects ${path} is there already: name another file\n`);
  });

  // cause: the file of the first run was in the way of the command that it printed
  it('is another file in the command to go on with --offset, which works as printed', async () => {
    const good = Array.from({ length: 100_000 }, (_, n) => `N,${n}@b\n`).join('');
    const file = await bench.fileOf(`bad 1\n${good}bad 2\n`);
    const path = join(bench.folder, 'out.csv');
    const args = ['--file', file, '--checkpoint', 'none', '--rows-per-message', '5000'];
    for (const [flags, env] of [
      [['--rejects', path], {}],
      [[], { FC_PRODUCER_REJECTS: path }],
    ] as const) {
      const first = bench.sandbox.start('producer', [...args, '--max-rejects', '0', ...flags], {
        FC_PRODUCER_REJECTS: '',
        ...env,
      });
      expect(await first.exit).toBe(1);
      const command = /Go on with: \S+ (.*)\n$/.exec(first.stderr)?.[1]?.split(' ') ?? [];
      const second = bench.sandbox.start('producer', command, { FC_PRODUCER_REJECTS: '', ...env });
      expect(await second.exit).toBe(1);
      expect(second.stderr).toMatch(
        /^error: --max-rejects 0: 1 of \d+ rows are rejected; 100002 rows/,
      );
      expect(await read(path)).toMatch(/^name,email,line,reason\nbad 1,1,.*\n$/);
      const next = join(bench.folder, 'out-2.csv');
      expect(await read(next)).toMatch(/^name,email,line,reason\nbad 2,100002,.*\n$/);
      await rm(path);
      await rm(next);
    }
  });

  it('none keeps none', async () => {
    await produce('--file', await bench.fileOf('bad\nJo,jo@b\n'), '--rejects', 'none');
    expect(await readdir(bench.folder)).toEqual(['rows.csv']);
  });
});

describe('rejected rows of an import that is killed and resumed', () => {
  const ROWS = 60_000;
  /** Every tenth row is bad. */
  const rowText = (row: number): string => (row % 10 === 0 ? `Bad ${row},bad\n` : `N,${row}@b\n`);

  it('are all there, once each, in their order', async () => {
    const text = Array.from({ length: ROWS }, (_, n) => rowText(n + 1)).join('');
    const file = await bench.fileOf(text);
    const args = ['--file', file, '--checkpoint', `file:${join(bench.folder, 'state.json')}`];
    for (let kill = 1; kill <= 3; kill += 1) {
      const run = bench.sandbox.start('producer', [...args, ...(kill > 1 ? ['--resume'] : [])], {
        FC_PRODUCER_REJECTS: '',
      });
      const before = await bench.sandbox.ready();
      await until('it goes on', async () => (await bench.sandbox.ready()) > before + 5_000);
      run.kill('SIGKILL');
      await run.exit;
    }
    expect(await produce(...args, '--resume')).toMatchObject({ status: 0 });
    const lines = (await read(`${file}.rejects.csv`)).trimEnd().split('\n').slice(1);
    const rows = Array.from({ length: ROWS / 10 }, (_, n) => (n + 1) * 10);
    expect(lines).toEqual(rows.map((row) => `Bad ${row},bad,${row},the email is not valid: bad`));
    const names = await readdir(bench.folder);
    expect(names.filter((name) => name.includes('rejects'))).toEqual(['rows.csv.rejects.csv']);
  });
});
