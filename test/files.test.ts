import { execFile } from 'node:child_process';
import {
  appendFile,
  copyFile,
  link,
  mkdir,
  mkdtemp,
  open,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { StartOptions } from './processes.ts';
import { Sandbox, until } from './sandbox.ts';

let sandbox: Sandbox;
let folder: string;

beforeAll(async () => {
  sandbox = await Sandbox.create();
  await sandbox.declareQueue();
});

afterAll(async () => {
  await sandbox.destroy();
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
});

afterEach(async () => {
  await sandbox.channel.purgeQueue('csv2db');
  await rm(folder, { recursive: true });
});

/** Writes a file into the test's folder. */
async function fileOf(content: string | Buffer, name = 'rows.csv'): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  return file;
}

/** Runs the producer to its end. */
async function produce(args: string[], options?: StartOptions) {
  const run = sandbox.start('producer', args, {}, options);
  const status = await run.exit;
  const messages = run.log.map(({ msg }) => String(msg));
  const summary = run.log.find(({ msg }) => /^(finished|stopped|failed): /.test(String(msg)));
  return { status, messages, summary, stderr: run.stderr, output: run.output };
}

/** The row numbers and emails that were published, in order. */
async function published(): Promise<[row: number, email: string][]> {
  const messages = await sandbox.take();
  return messages
    .map(({ content, properties }): [number, string] => {
      const { email } = JSON.parse(content.toString()) as { email: string };
      return [Number(properties.headers?.['x-csv2db-row']), email];
    })
    .toSorted(([a], [b]) => a - b);
}

describe('a row has one outcome', () => {
  // the parser told where the malformed field began, and the row was parted there
  it('when it is malformed behind its second field', async () => {
    const file = await fileOf(
      'Amy,amy@example.org,"x"y\nBob,bob@example.org, "x"\nCid,cid@example.org,5" pipe\n' +
        'Dan,dan@example.org\n"Eve", "eve@example.org"\n"Flo","flo@example.org" \n',
    );
    const { status, summary, messages, output } = await produce(['--file', file]);
    expect(status, output).toBe(0);
    expect(summary).toMatchObject({ read: 6, published: 1, rejected: 5 });
    expect(await published()).toEqual([[4, 'dan@example.org']]);
    for (const line of [1, 2, 3, 5, 6]) {
      expect(messages.join('\n')).toContain(`row ${line} (line ${line}) rejected: `);
    }
  });

  it('and the rows behind it have their numbers', async () => {
    const rows = Array.from({ length: 6_000 }, (_, n) => `N${n + 1},n${n + 1}@example.org\n`);
    rows[2_999] = 'Amy,amy@example.org,"vip" yes\n';
    const { messages } = await produce(['--file', await fileOf(rows.join(''))]);
    expect(messages.join('\n')).toContain('row 3000 (line 3000) rejected: ');
    const all = await published();
    expect(all).toHaveLength(5_999);
    expect(all.every(([row, email]) => email === `n${row}@example.org`)).toBe(true);
  });
});

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
    ['a file of something else', () => fileOf('precious', 'notes.txt')],
    ['JSON of something else', () => fileOf('{"version":1}', 'data.json')],
    ['a device', () => Promise.resolve('/dev/null')],
    ['a folder', () => Promise.resolve(folder)],
  ])('--checkpoint refuses %s', async (_, place) => {
    const file = await fileOf(FILE);
    const checkpoint = await place(file);
    const before = await readFile(checkpoint, 'utf8').catch(() => '');
    const { status, stderr } = await produce([
      '--file',
      file,
      '--checkpoint',
      `file:${checkpoint}`,
    ]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: --checkpoint file:\S+ is [^\n]+: name another file\n$/);
    expect(await readFile(file, 'utf8')).toBe(FILE);
    expect(await readFile(checkpoint, 'utf8').catch(() => '')).toBe(before);
    expect(await published()).toEqual([]);
  });

  it('--checkpoint takes an empty file, and its own', async () => {
    const file = await fileOf(FILE);
    const checkpoint = await fileOf('', 'checkpoint');
    for (let run = 0; run < 2; run += 1) {
      expect((await produce(['--file', file, '--checkpoint', `file:${checkpoint}`])).status).toBe(
        0,
      );
    }
    expect(await readFile(checkpoint, 'utf8')).toContain('"rows":2');
  });
});

describe('what can be read only once is read once:', () => {
  const ROWS = 'Jo,jo@example.org\nJi,ji@example.org\n';

  it.each(['-', '/dev/stdin', '/dev/fd/0', '/proc/self/fd/0'])(
    'standard input as %s, from a pipe',
    async (name) => {
      const run = sandbox.start('producer', ['-file', name], {}, { stdin: 'pipe' });
      run.stdin.end(ROWS);
      expect(await run.exit, run.output).toBe(0);
      expect(await published()).toHaveLength(2);
    },
  );

  it('standard input from a file', async () => {
    const file = await open(await fileOf(ROWS));
    const { status } = await produce(['--file', '-'], { stdin: file.fd });
    await file.close();
    expect(status).toBe(0);
    expect(await published()).toHaveLength(2);
  });

  it('a named pipe, whose writer comes later', async () => {
    const pipe = join(folder, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    const run = sandbox.start('producer', ['--file', pipe]);
    await writeFile(pipe, ROWS);
    expect(await run.exit, run.output).toBe(0);
    expect(await published()).toHaveLength(2);
  });

  // opening it blocked a thread, for which Node.js waited at its end
  it('a named pipe without a writer, until SIGTERM', async () => {
    const pipe = join(folder, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    const run = sandbox.start('producer', ['--file', pipe]);
    await run.logged(/^publishing: 0 rows read/);
    run.kill('SIGTERM');
    expect(await run.exit, run.output).toBe(143);
  });

  it('a pipe that stalls, until SIGTERM; the row that came in part is none', async () => {
    const run = sandbox.start('producer', ['--file', '-'], {}, { stdin: 'pipe' });
    run.stdin.write('Jo,jo@example.org\nJi,ji@exam');
    await until('the first row is there', async () => (await sandbox.ready()) === 1);
    run.kill('SIGTERM');
    expect(await run.exit, run.output).toBe(143);
    expect(await published()).toEqual([[1, 'jo@example.org']]);
  });

  it('it has no --resume', async () => {
    const { status, stderr } = await produce(['--file', '-', '--resume', '--checkpoint', 'file:x']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: --resume: - can be read only once[^\n]+\n$/);
  });
});

describe('a file of another format is one message, and status 1:', () => {
  const CSV = 'Zoë,zoe@example.org\nMax,max@example.org\n';
  const wide = Buffer.from(CSV, 'utf16le');

  it.each<[string, string | Buffer, RegExp]>([
    ['UTF-16 with a mark', Buffer.concat([Buffer.from([0xff, 0xfe]), wide]), /is UTF-16 text/],
    ['UTF-16 without one', wide, /is UTF-16 text: .*UTF-16LE/],
    ['UTF-16 of the other order', Buffer.from(wide).swap16(), /is UTF-16 text: .*UTF-16BE/],
    ['gzip', gzipSync(CSV), /is compressed with gzip: .*zcat/],
    ['an Excel workbook', Buffer.from('PK\u0003\u0004…'), /is a ZIP archive or an Excel workbook/],
    ['carriage returns alone', CSV.replaceAll('\n', '\r'), /carriage returns alone/],
    ['semicolons', CSV.replaceAll(',', ';'), /is separated by semicolons/],
    ['tabs', CSV.replaceAll(',', '\t'), /is separated by tabs/],
    ['semicolons and commas', 'Doe, Jo;jo@example.org\nLi;li@example.org\n', /semicolons/],
  ])('%s', async (_, content, message) => {
    const { status, stderr, messages } = await produce(['--file', await fileOf(content)]);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^error: --file [^\n]+\n$/);
    expect(messages).toEqual([expect.stringMatching(/^failed: 0 rows read/)]);
    expect(status).toBe(1);
  });

  it('a header line is said to be one', async () => {
    const { status, messages } = await produce(['--file', await fileOf(`"Name",Email\r\n${CSV}`)]);
    expect(status).toBe(0);
    expect(messages[0]).toMatch(
      /^the first line of \S+ seems to be a header: it is taken for a row$/,
    );
  });
});

describe('rejected rows', () => {
  it.each<[string, string, string]>([
    ['spaces', 'A, a@example.org\nB,b@example.org \n', '"\\u0020a@example.org"'],
    ['a no-break space', 'A,a@example.org\u00a0\n', '"a@example.org\\u00a0"'],
    ['a zero-width space', 'A,a\u200b@example.org\n', '"a\\u200b@example.org"'],
  ])('are status 1 when there are no others, and show %s', async (_, content, shown) => {
    const { status, stderr, messages } = await produce(['--file', await fileOf(content)]);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^error: nothing of \S+ was published: its rows are all rejected \(\d × the email is not valid\)\n$/,
    );
    expect(messages[0]).toBe(`row 1 (line 1) rejected: the email is not valid: ${shown}`);
  });

  it('are told one by one up to twenty, and then counted by reason', async () => {
    const bad = `${'x,y\n'.repeat(25)}${'\n,a@b\n'.repeat(5)}Ok,ok@example.org\n`;
    const { status, messages, summary } = await produce(['--file', await fileOf(bad)]);
    expect(status).toBe(0);
    expect(summary).toMatchObject({ read: 31, published: 1, rejected: 30 });
    expect(messages.filter((message) => /^row \d+/.test(message))).toHaveLength(20);
    expect(messages.at(-1)).toBe(
      'rejected by reason: 25 × the email is not valid, 5 × the name is empty',
    );
  });

  it.each([
    ['9', 1],
    ['10', 0],
    ['0.9%', 1],
    ['1%', 0],
  ])('of --max-rejects %s, when 10 of 1,000 are bad, are status %i', async (most, expected) => {
    const rows = Array.from({ length: 1_000 }, (_, n) => (n % 100 === 50 ? 'bad\n' : `N,${n}@b\n`));
    const file = await fileOf(rows.join(''));
    const { status, stderr } = await produce(['--file', file, '--max-rejects', most]);
    expect(status).toBe(expected);
    if (expected === 0) return;
    expect(stderr).toMatch(
      /^error: --max-rejects \S+: 10 of 1000 rows are rejected; 1000 rows are processed\. Go on with: [^\n]+\n$/,
    );
  });

  it('end an import early, when there are more than --max-rejects', async () => {
    const file = await fileOf('bad\n'.repeat(200_000));
    const { status, summary } = await produce(['--file', file, '--max-rejects', '5']);
    expect(status).toBe(1);
    expect(Number(summary?.['read'])).toBeLessThan(100_000);
  });
});

describe('an import of a file that changes', () => {
  const rows = (letter: string): string =>
    Array.from(
      { length: 30_000 },
      (_, n) => `${letter} Number ${n},${letter}${n}@example.org\n`,
    ).join('');

  /** Imports a part, and stops. */
  async function begin(file: string): Promise<string[]> {
    const args = ['--file', file, '--checkpoint', `file:${join(folder, 'checkpoint')}`];
    expect((await produce([...args, '--limit', '12345'])).status).toBe(0);
    return args;
  }

  // the path was fingerprinted, while the old file was read
  it('is not resumed when another one was moved to its place meanwhile', async () => {
    const file = await fileOf(rows('a'));
    const next = await fileOf(rows('b'), 'next.csv');
    const args = ['--file', file, '--checkpoint', `file:${join(folder, 'checkpoint')}`];
    const run = sandbox.start('producer', [...args, '--parallel', '1']);
    await until('rows are there', async () => (await sandbox.ready()) > 100);
    await rename(next, file);
    run.kill('SIGTERM');
    await run.exit;
    const { status, stderr } = await produce([...args, '--resume']);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^error: --resume: \S+ is not the file that was checkpointed: [^\n]+\n$/,
    );
  });

  it('is not resumed when a copy of it took its name', async () => {
    const file = await fileOf(rows('a'));
    const args = await begin(file);
    await copyFile(file, `${file}.copy`);
    await rename(`${file}.copy`, file);
    const { status, stderr } = await produce([...args, '--resume']);
    expect(status).toBe(1);
    expect(stderr).toContain('another file has taken its name');
  });

  it('says that the last line has no line break', async () => {
    const { status, messages } = await produce([
      '--file',
      await fileOf('Ann,ann@example.org\nBob,bob@exam'),
    ]);
    expect(status).toBe(0);
    expect(messages[0]).toMatch(
      /^the last line of \S+ has no line break: the file may be incomplete$/,
    );
  });

  it.each<[string, (file: string) => Promise<void>, RegExp]>([
    ['grew', (file) => appendFile(file, 'More,more@example.org\n'), /grew from \d+ to \d+ bytes/],
    ['shrank', (file) => truncate(file, 900_000), /shrank from \d+ to 900000 bytes/],
    ['was deleted', (file) => rm(file), /was deleted/],
    ['was replaced', (file) => rename(`${file}.next`, file), /was replaced/],
  ])('says that it %s', async (_, change, message) => {
    const file = await fileOf(rows('a'));
    await fileOf('x,x@example.org\n', 'rows.csv.next');
    const run = sandbox.start('producer', ['--file', file, '--rows-per-message', '100']);
    await until('rows are there', async () => (await sandbox.ready()) > 0);
    run.kill('SIGSTOP');
    await change(file);
    run.kill('SIGCONT');
    expect(await run.exit, run.output).toBe(0);
    await run.logged(new RegExp(`${message.source} while it was read: import it again$`));
  });
});

describe('the state folder', () => {
  it.each<[string, Record<string, string | undefined>]>([
    ['HOME is not absolute', { HOME: 'nowhere', XDG_STATE_HOME: undefined }],
    ['XDG_STATE_HOME is empty, and HOME not absolute', { HOME: '.', XDG_STATE_HOME: '' }],
  ])('is done without when %s', async (_, env) => {
    const run = sandbox.start(
      'producer',
      ['--file', await fileOf('A,a@example.org\n')],
      { ...env, FC_PRODUCER_CHECKPOINT: '' },
      { cwd: folder },
    );
    expect(await run.exit, run.output).toBe(0);
    await run.logged(/^no checkpoint is kept, as this user has no home folder: /);
  });

  it('is under HOME when XDG_STATE_HOME is empty', async () => {
    await mkdir(join(folder, 'home'));
    const env = { HOME: join(folder, 'home'), XDG_STATE_HOME: '', FC_PRODUCER_CHECKPOINT: '' };
    const run = sandbox.start('producer', ['--file', await fileOf('A,a@example.org\n')], env);
    expect(await run.exit, run.output).toBe(0);
    expect((await stat(join(folder, 'home/.local/state/csv2db'))).isDirectory()).toBe(true);
  });
});

it('standard output on a full disk is one line and status 1', async () => {
  const full = await open('/dev/full', 'w');
  const args = ['--file', await fileOf('A,a@example.org\n')];
  const { status, stderr } = await produce(args, { stdout: full.fd });
  await full.close();
  expect(status).toBe(1);
  expect(stderr).toMatch(/^error: standard output can't be written to: ENOSPC[^\n]+\n$/);
});
