import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Run, start, type StartOptions } from './processes.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function fileOf(content: string | Buffer, name = 'rows.csv'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** Starts it where there is no broker. */
function startDry(args: string[], options?: StartOptions): Run {
  const env = { FC_PRODUCER_QUEUE_ADDR: '127.0.0.1:1', XDG_STATE_HOME: join(folder, 'state') };
  return start('producer', ['--dry-run', ...args], env, options);
}

async function dryRun(...args: string[]) {
  const run = startDry(args);
  const status = await run.exit;
  const isLog = (line: string): boolean => line.startsWith('{"level"');
  const lines = run.stdout.trimEnd().split('\n');
  const log = lines.filter(isLog).map((line) => (JSON.parse(line) as { msg: string }).msg);
  return { status, printed: lines.filter((line) => !isLog(line)), log, stderr: run.stderr };
}

describe('--dry-run says, without a broker,', () => {
  it('what it found out, and with status 3 that rows are rejected', async () => {
    const file = await fileOf(
      gzipSync(
        'City;E-Mail;Full Name\r\nX;jo@b;"Jo; Doe"\r\nX;bad;Bo\r\nX;;No\r\nX;ji@b;Ji\r\nX;jo@b;Al\n',
      ),
    );
    const columns = ['--columns', 'name="full name",email="e-mail"'];
    const { status, printed, log, stderr } = await dryRun('--file', file, ...columns);
    expect(printed).toEqual([
      `${file}: gzip, utf-8, separated by semicolons, with a header, lines end with CRLF and LF`,
      '5 rows: 3 to send, 2 rejected',
      'rejected: 1 × the email is not valid, 1 × the email is empty',
      'rows with an email that an earlier row has: 1',
      '{"name":"Jo; Doe","email":"jo@b"}',
      '{"name":"Ji","email":"ji@b"}',
      '{"name":"Al","email":"jo@b"}',
    ]);
    expect(log).toContain('row 2 (line 3) rejected: the email is not valid: "bad"');
    expect(log).toContain(`left out are 1 column of ${file}: "City"`);
    expect(stderr).toBe('');
    expect(status).toBe(3);
  });

  it('with status 0 that none is', async () => {
    const file = await fileOf('Jo,jo@b\nJi,ji@b\nJa,ja@b\nJu,ju@b\n');
    const { status, printed } = await dryRun('--file', file);
    expect(printed).toEqual([
      `${file}: utf-8, separated by commas, without a header, lines end with LF`,
      '4 rows: 4 to send, 0 rejected',
      'rows with an email that an earlier row has: 0',
      '{"name":"Jo","email":"jo@b"}',
      '{"name":"Ji","email":"ji@b"}',
      '{"name":"Ja","email":"ja@b"}',
    ]);
    expect(status).toBe(0);
  });

  it('what several files are, also those without a row', async () => {
    const files = [
      await fileOf('Jo,jo@b\nbad\n', '1.csv'),
      await fileOf('', '2.csv'),
      await fileOf('name|email\n', '3.csv'),
      await fileOf('Ji\tji@b\r', '4.csv'),
      await fileOf('name;email\n', '5.csv'),
    ];
    const { status, printed, log } = await dryRun('--file', join(folder, '*.csv'));
    expect(printed.slice(0, 6)).toEqual([
      `${files[0]}: utf-8, separated by commas, without a header, lines end with LF`,
      `${files[1]}: utf-8, separated by commas, without a header, lines end with nothing`,
      `${files[2]}: utf-8, separated by vertical bars, with a header, lines end with LF`,
      `${files[3]}: utf-8, separated by tabs, without a header, lines end with CR`,
      `${files[4]}: utf-8, separated by semicolons, with a header, lines end with LF`,
      '3 rows: 2 to send, 1 rejected',
    ]);
    expect(log).toContain(
      `row 2 (line 2 of ${files[0]}) rejected: 1 field instead of 2 (name,email)`,
    );
    expect(status).toBe(3);
  });

  it('what would be sent of some rows, and nothing of the files behind them', async () => {
    await fileOf('A,a@b\nB,b@b\n', '1.csv');
    await fileOf('C,c@b\nD,d@b\n', '2.csv');
    await fileOf('E,e@b\n', '3.csv');
    const args = ['--file', join(folder, '*.csv'), '--offset', '1', '--limit', '2'];
    const { status, printed } = await dryRun(...args);
    expect(printed.map((line) => line.replace(/: utf-8.*/, ''))).toEqual([
      join(folder, '1.csv'),
      join(folder, '2.csv'),
      '2 rows: 2 to send, 0 rejected',
      'rows with an email that an earlier row has: 0',
      '{"name":"B","email":"b@b"}',
      '{"name":"C","email":"c@b"}',
    ]);
    expect(status).toBe(0);
  });

  it('nothing of emails that are NULL, or where there is no such column', async () => {
    const file = await fileOf('id,email\n1,\n2,\n3,a@b\n');
    const { printed } = await dryRun('--file', file, '--columns', 'id,email');
    expect(printed).toContain('rows with an email that an earlier row has: 0');
    const others = await dryRun('--file', file, '--columns', 'id');
    expect(others.printed.join('\n')).not.toMatch(/earlier row/);
    expect(others.printed.at(-1)).toBe('{"id":"3"}');
  });

  it('which encoding would fit', async () => {
    const file = await fileOf(Buffer.from('Zoë,zoe@b\nJörg,j@b\nJo,jo@b\n', 'latin1'));
    const { status, printed } = await dryRun('--file', file);
    expect(printed).toContain('most rows are not of the encoding: try --encoding windows-1252');
    expect(status).toBe(3);
  });

  it('in one line what keeps a file from being read', async () => {
    const { status, stderr } = await dryRun('--file', await fileOf('a\n'), '--header', 'yes');
    expect(stderr).toMatch(/^error: the header of \S+ has no column "name"[^\n]+\n$/);
    expect(status).toBe(1);
  });
});

describe('--dry-run', () => {
  it('leaves no file behind', async () => {
    const file = await fileOf('bad\nJo,jo@b\n');
    const args = ['--file', file, '--rejects', join(folder, 'rejects.csv')];
    for (const wishes of [args, ['--file', file]]) {
      expect(await dryRun(...wishes)).toMatchObject({ status: 3 });
    }
    expect(await readdir(folder)).toEqual(['rows.csv']);
  });

  it('says that there are no metrics of it', async () => {
    const file = await fileOf('Jo,jo@b\n');
    const path = join(folder, 'm.prom');
    const { status, log } = await dryRun('--file', file, '--metrics-file', path);
    expect(status).toBe(0);
    expect(log).toContain(
      '--dry-run: a dry run has no metrics; --metrics-addr and --metrics-file are left out',
    );
    expect(await readdir(folder)).toEqual(['rows.csv']);
  });

  it('of a pipe that stalls ends at SIGTERM', async () => {
    const run = startDry(['--file', '-'], { stdin: 'pipe' });
    run.stdin.write('Jo,jo@b\nbad\n');
    await run.logged(/^row 2 /);
    run.kill('SIGTERM');
    expect(await run.exit).toBe(143);
    expect(run.stdout).toContain('2 rows: 1 to send, 1 rejected\n');
  });

  // all were open to its end
  it('has few of many files open', async () => {
    for (let n = 0; n < 150; n += 1) await fileOf(`N,${n}@b\n`, `${n}.csv`);
    const producer = fileURLToPath(new URL('../bin/producer', import.meta.url));
    const { stdout } = await promisify(execFile)('sh', [
      '-c',
      'ulimit -n 100 && exec "$0" "$@"',
      producer,
      '--dry-run',
      '--file',
      join(folder, '*.csv'),
    ]);
    expect(stdout).toContain('150 rows: 150 to send, 0 rejected\n');
  });
});
