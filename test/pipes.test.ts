import { execFile, spawn } from 'node:child_process';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { until } from './sandbox.ts';
import { workbench } from './workbench.ts';

const bench = workbench();

describe('what can be read only once is read once:', () => {
  const ROWS = 'Jo,jo@example.org\nJi,ji@example.org\n';

  it.each(['-', '/dev/stdin', '/dev/fd/0', '/proc/self/fd/0'])(
    'standard input as %s, from a pipe',
    async (name) => {
      const run = bench.sandbox.start('producer', ['-file', name], {}, { stdin: 'pipe' });
      run.stdin.end(ROWS);
      await run.succeeds();
      expect(await bench.published()).toHaveLength(2);
    },
  );

  it('standard input from a file', async () => {
    const file = await open(await bench.fileOf(ROWS));
    const { status } = await bench.produce(['--file', '-'], { stdin: file.fd });
    await file.close();
    expect(status).toBe(0);
    expect(await bench.published()).toHaveLength(2);
  });

  it('a named pipe, whose writer comes later', async () => {
    const pipe = join(bench.folder, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    const run = bench.sandbox.start('producer', ['--file', pipe]);
    await writeFile(pipe, ROWS);
    await run.succeeds();
    expect(await bench.published()).toHaveLength(2);
  });

  // opening it blocked a thread, for which Node.js waited at its end
  it('a named pipe without a writer, until SIGTERM', async () => {
    const pipe = join(bench.folder, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    const run = bench.sandbox.start('producer', ['--file', pipe]);
    await run.logged(/^waiting for input: 0 rows read/);
    run.kill('SIGTERM');
    expect(await run.exit, run.output).toBe(143);
  });

  it('a pipe that stalls, until SIGTERM; the row that came in part is none', async () => {
    const run = bench.sandbox.start('producer', ['--file', '-'], {}, { stdin: 'pipe' });
    run.stdin.write('Jo,jo@example.org\nJi,ji@exam');
    await until('the first row is there', async () => (await bench.sandbox.ready()) > 1);
    run.kill('SIGTERM');
    expect(await run.exit, run.output).toBe(143);
    expect(await bench.published()).toEqual([[1, 'jo@example.org']]);
  });

  // a line break was waited for in what is compressed
  it('a gzipped pipe that stalls, until SIGTERM; the rows that came are there', async () => {
    const run = bench.sandbox.start('producer', ['--file', '-'], {}, { stdin: 'pipe' });
    run.stdin.write(gzipSync(ROWS));
    await until('its rows are there', async () => (await bench.sandbox.ready()) > 2);
    run.kill('SIGTERM');
    expect(await run.exit, run.output).toBe(143);
  });

  /** A named pipe, and a writer of it that is killed behind these bytes. */
  async function abandoned(bytes: Buffer): Promise<string> {
    const pipe = join(bench.folder, 'pipe');
    const part = await bench.fileOf(bytes, 'part');
    await promisify(execFile)('mkfifo', [pipe]);
    spawn('sh', ['-c', 'exec >"$1"; cat "$0"; kill -KILL $$', part, pipe]);
    return pipe;
  }

  it('a named pipe whose writer is killed, and then it may be incomplete', async () => {
    const pipe = await abandoned(Buffer.from(ROWS.slice(0, -3)));
    const { status, messages } = await bench.produce(['--file', pipe]);
    expect(status).toBe(0);
    expect(messages).toContain(
      `the last line of ${pipe} has no line break: the file may be incomplete`,
    );
    expect(await bench.published()).toHaveLength(2);
  });

  it('a gzipped pipe whose writer is killed, and then it is cut off', async () => {
    const pipe = await abandoned(gzipSync(ROWS).subarray(0, -6));
    const { status, stderr } = await bench.produce(['--file', pipe]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: \S+pipe is cut off, its gzip data has no end: [^\n]+\n$/);
  });

  it('it has no --resume', async () => {
    const { status, stderr } = await bench.produce([
      '--file',
      '-',
      '--resume',
      '--checkpoint',
      'file:x',
    ]);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: --resume: - can be read only once[^\n]+\n$/);
  });
});
