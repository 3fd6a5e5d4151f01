import { execFile } from 'node:child_process';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { ALARM, Proxy } from './proxy.ts';
import { describeWithPython } from './python.ts';
import { queueUrl, until } from './sandbox.ts';
import { Terminal } from './terminal.ts';
import { workbench } from './workbench.ts';

const ROWS = 300_000;
/** What only the line of progress has. */
const LINE = / rows {2}|\/s {2}/;

const bench = workbench();

describeWithPython('the producer on a terminal', () => {
  it('shows its progress on one line below the log, as wide as the terminal is', async () => {
    const { terminal, proxy } = await blocked(80);
    const whole = /^\d+% {2}[\d,]+ rows {2}[\d,]+\/s {2}.*blocked: low on memory$/;
    await until('it is shown', () => whole.test(terminal.cursor.line));
    expect(terminal.cursor.column).toBe(0);
    const warning =
      /^\[[\d:]+\] WARN: RabbitMQ accepts no messages \(low on memory\): sending pauses until it does$/;
    expect(terminal.history.filter((line) => warning.test(line))).toHaveLength(1);
    expect(terminal.screen.at(-1)).toBe(terminal.cursor.line);

    terminal.resize(40, 24);
    await until('it is narrow', () =>
      /^\d+% {2}[\d,]+\/s {2}.*blocked: low on memory$/.test(terminal.cursor.line),
    );
    expect(terminal.screen.at(-1)).toBe(terminal.cursor.line);
    expect(terminal.cursor.line.length).toBeLessThan(40);
    terminal.resize(100, 24);
    await until('it is wide', () => whole.test(terminal.cursor.line));
    expect(terminal.screen.filter((line) => LINE.test(line))).toHaveLength(1);

    proxy.inject(ALARM.ends);
    await until('it goes on', () => terminal.cursor.line.endsWith(' publishing'));
    terminal.interrupt();
    expect(await terminal.exit).toBe(130);
    await proxy.close();
  });

  it('shows on that one line what RabbitMQ says, whatever is in it', async () => {
    const { terminal, proxy } = await blocked(80, 'low on\tdisk\nspace');
    const line = / blocked: low on disk space$/;
    await until('it is one line', () => line.test(terminal.cursor.line));
    await proxy.close();
    terminal.interrupt();
    expect(await terminal.exit).toBe(130);
  });

  it('leaves a clean screen at Ctrl-C, with a summary that fits', async () => {
    const terminal = await publishing(40);
    terminal.interrupt();
    expect(await terminal.exit).toBe(130);
    expect(terminal.cursor).toEqual({ line: '', column: 0 });
    expect(terminal.history.filter((line) => LINE.test(line))).toEqual([]);
    const begin = terminal.screen.findIndex((line) => line.endsWith(' INFO: stopped'));
    const [what = '', ...counts] = terminal.screen.slice(begin, begin + 6);
    expect(what).toMatch(/^\[[\d:]+\] INFO: stopped$/);
    expect(counts.map((line) => line.replaceAll(/[\d.,]+/g, 'N'))).toEqual([
      '  N rows read',
      '  N published',
      '  N rejected',
      '  in N s',
      '  N rows/s',
    ]);
    // nor is the cursor hidden on the way, so that a kill leaves it visible
    expect(terminal.output).not.toContain('\u001B[?25');
  });

  // Node.js 20 ended with an assertion of its own
  it('stops as ever when the terminal is closed', async () => {
    const { terminal, proxy } = await blocked(80);
    terminal.close();
    await proxy.close();
    expect(await terminal.exit).toBe(129);
  });

  it('a second Ctrl-C is one line, with nothing of the progress on it', async () => {
    const { terminal, proxy } = await blocked(80);
    terminal.interrupt();
    await until('it stops', () => terminal.history.some((line) => line.includes('SIGINT: ')));
    terminal.interrupt();
    expect(await terminal.exit).toBe(1);
    expect(terminal.screen.at(-1)).toBe('error: stopped at once by a second SIGINT');
    expect(terminal.screen.filter((line) => LINE.test(line))).toEqual([]);
    await proxy.close();
  });

  it('says what it waits for, why, and when it tries again', async () => {
    const { terminal, proxy } = await blocked(80);
    await proxy.close();
    const waits = / rows {2}.*waits for RabbitMQ \(connection refused\), next try in \d s$/;
    await until('it waits', () => waits.test(terminal.cursor.line));
    terminal.resize(40, 24);
    const narrow = 'waits for RabbitMQ (connection refused)';
    await until('it is narrow', () => terminal.cursor.line === narrow);
    const why = /WARN: the connection to RabbitMQ at \S+ is lost.*; connecting again$/;
    expect(terminal.history.filter((line) => why.test(line))).toHaveLength(1);
    terminal.interrupt();
    expect(await terminal.exit).toBe(130);
    expect(terminal.history.filter((line) => LINE.test(line))).toEqual([]);
  });

  it('has read nothing while it waits for its first connection', async () => {
    const env = { FC_PRODUCER_QUEUE_ADDR: '127.0.0.1:1' };
    const terminal = producing(80, ['--file', await aFewRows()], env);
    const line = /^0% {2}0 rows {2}waits for RabbitMQ \(connection refused\), next try in \d s$/;
    await until('it waits', () => line.test(terminal.cursor.line));
    terminal.interrupt();
    expect(await terminal.exit).toBe(130);
  });

  it('of a pipe shows no percents, and waits for its input and the last confirms', async () => {
    const proxy = await proxied();
    const pipe = join(bench.folder, 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    const terminal = producing(80, ['--file', pipe], envOf(proxy));
    await until('it waits', () => terminal.cursor.line === '0 rows  0/s  waiting for input');
    const writer = await open(pipe, 'w');
    await writer.write('Ann,ann@progress.example\n');
    // the confirm of a row comes behind the row
    await until('it is confirmed', () => /^1 rows {2}\d+\/s {2}\D+$/.test(terminal.cursor.line));
    proxy.swallow({ answers: true });
    await writer.write('Bob,bob@progress.example\n');
    await writer.close();
    const last = /^2 rows {2}\d+\/s {2}1 unconfirmed {2}waiting for confirms$/;
    await until('it is all read', () => last.test(terminal.cursor.line));
    proxy.swallow({});
    proxy.cut();
    expect(await terminal.exit).toBe(0);
    await proxy.close();
  });

  it('has no colours with NO_COLOR, and is drawn anew all the same', async () => {
    const terminal = await publishing(80, { NO_COLOR: '1' });
    terminal.interrupt();
    await terminal.exit;
    const [, ...codes] = terminal.output.split('\u001B[');
    expect(codes.length).toBeGreaterThan(0);
    expect(codes.filter((code) => /^[\d;]*m/.test(code))).toEqual([]);
  });

  it.each<[string, string[], Record<string, string>]>([
    ['TERM=dumb', [], { TERM: 'dumb' }],
    ['--quiet', ['--quiet'], {}],
    ['FC_PRODUCER_QUIET', [], { FC_PRODUCER_QUIET: 'true' }],
    ['--log-level warn', ['--log-level', 'warn'], {}],
  ])('%s takes nothing back of what it shows', async (_, args, env) => {
    const terminal = producing(80, [...args, '--file', await aFewRows()], {
      NO_COLOR: '1',
      ...env,
    });
    expect(await terminal.exit).toBe(0);
    expect(terminal.output).not.toContain('\u001B');
    const isQuiet = args.includes('warn');
    expect(terminal.screen.some((line) => line.endsWith('INFO: finished'))).toBe(!isQuiet);
    expect(terminal.screen.some((line) => line.includes('WARN: row 2 '))).toBe(true);
  });

  it('FC_PRODUCER_QUIET=false is as if it were not set', async () => {
    const terminal = producing(80, ['--file', await aFewRows()], { FC_PRODUCER_QUIET: 'false' });
    expect(await terminal.exit).toBe(0);
    expect(terminal.output).toContain(' rows  ');
  });

  it('--json logs JSON lines, and nothing else', async () => {
    const terminal = producing(80, ['--json', '--file', await aFewRows()]);
    expect(await terminal.exit).toBe(0);
    const lines = terminal.output.trimEnd().split('\r\n');
    const log = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(log.map(({ level }) => level)).toContain('warn');
    expect(log.at(-1)).toMatchObject({ read: 2, published: 1, rejected: 1 });
  });
});

/** A producer in the middle of a file. */
async function publishing(columns: number, env: Record<string, string> = {}): Promise<Terminal> {
  const file = join(bench.folder, 'rows.csv');
  const rows = Array.from({ length: ROWS }, (_, row) => `Name ${row},${row}@example.com\n`);
  await writeFile(file, rows.join(''));
  const terminal = producing(columns, ['--file', file], env);
  await until('it publishes', () => / publishing$/.test(terminal.cursor.line));
  return terminal;
}

/** A producer in the middle of a file, which an alarm of the broker holds back. */
async function blocked(columns: number, reason = 'low on memory') {
  const proxy = await proxied();
  const terminal = await publishing(columns, envOf(proxy));
  proxy.inject(ALARM.begins(reason));
  await until('it is blocked', () => terminal.screen.join('\n').includes(' blocked: low on'));
  return { terminal, proxy };
}

function producing(columns: number, args: string[], env: Record<string, string> = {}): Terminal {
  return new Terminal('producer', args, { ...bench.sandbox.env, ...env }, columns, 24);
}

/** A file with a row that is rejected. */
async function aFewRows(): Promise<string> {
  return await bench.fileOf('Ann,ann@progress.example\nBob\n');
}

async function proxied(): Promise<Proxy> {
  const { hostname, port } = queueUrl();
  return await Proxy.start(hostname, Number(port));
}

function envOf({ port }: Proxy): Record<string, string> {
  return { FC_PRODUCER_QUEUE_ADDR: `127.0.0.1:${port}/${bench.sandbox.vhost}` };
}
