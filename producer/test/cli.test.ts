import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { DATA, start } from '../../test/processes.ts';

const FLAGS = [
  ['--file', 'FC_PRODUCER_FILE', undefined],
  ['--parallel', 'FC_PRODUCER_PARALLEL', 'the number of processors'],
  ['--queue-addr', 'FC_PRODUCER_QUEUE_ADDR', '0.0.0.0:5672'],
  ['--queue-user', 'FC_PRODUCER_QUEUE_USER', 'fcuser'],
  ['--queue-pass', 'FC_PRODUCER_QUEUE_PASS', 'fcpass'],
  ['--queue-url', 'FC_PRODUCER_QUEUE_URL', undefined],
  ['--queue-pass-file', 'FC_PRODUCER_QUEUE_PASS_FILE', undefined],
  ['--queue-ca', 'FC_PRODUCER_QUEUE_CA', undefined],
  ['--queue-cert', 'FC_PRODUCER_QUEUE_CERT', undefined],
  ['--queue-key', 'FC_PRODUCER_QUEUE_KEY', undefined],
  ['--queue-name', 'FC_PRODUCER_QUEUE_NAME', 'csv2db'],
  ['--dead-queue', 'FC_PRODUCER_DEAD_QUEUE', 'the name of the queue and .dead'],
  ['--rows-per-message', 'FC_PRODUCER_ROWS_PER_MESSAGE', '1'],
  ['--queue-type', 'FC_PRODUCER_QUEUE_TYPE', 'quorum'],
  ['--drain-timeout', 'FC_PRODUCER_DRAIN_TIMEOUT', '20s'],
  ['--retry-for', 'FC_PRODUCER_RETRY_FOR', '5m'],
  ['--offset', 'FC_PRODUCER_OFFSET', '0'],
  ['--limit', 'FC_PRODUCER_LIMIT', 'all'],
  ['--max-rejects', 'FC_PRODUCER_MAX_REJECTS', 'no limit'],
  ['--log-level', 'FC_PRODUCER_LOG_LEVEL', 'info'],
] as const;

let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
  file = join(folder, 'rows.csv');
  await writeFile(file, 'Ada,ada@example.com\n');
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Runs the producer to its end against a port that nothing listens on. */
async function run(args: string[], env: Record<string, string> = {}) {
  const producer = start('producer', args, {
    FC_PRODUCER_QUEUE_ADDR: '127.0.0.1:1',
    FC_PRODUCER_RETRY_FOR: '0',
    FC_PRODUCER_CHECKPOINT: 'none',
    ...env,
  });
  const status = await producer.exit;
  return { status, stdout: producer.stdout, stderr: producer.stderr };
}

describe('producer --help', () => {
  let help: string;

  beforeAll(async () => {
    help = (await run(['--help'])).stdout.replaceAll(/\s+/g, ' ');
  });

  it.each(['--help', '-help', '-h'])('is printed for %s, with status 0', async (flag) => {
    const { status, stdout } = await run([flag]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Usage: producer/);
  });

  it.each(FLAGS)('names %s, %s and its default', (flag, variable, value) => {
    expect(help).toMatch(new RegExp(`${flag} <[^>]+> [^-]*${variable}`));
    if (value)
      expect(help).toMatch(
        new RegExp(`${flag} [^-]*default: "?${value}"?(,|\\) \\() ?env: ${variable}`),
      );
  });
});

it('producer --version prints the version of the package', async () => {
  expect((await run(['--version'])).stdout).toBe(`${manifest.version}\n`);
});

describe('a wrong value gets one line that names it, and status 1:', () => {
  it.each<[string, string[], Record<string, string>, RegExp]>([
    ['no file', [], {}, /--file \(FC_PRODUCER_FILE\) is missing/],
    ['an empty file name', ['--file', ''], {}, /--file .*must not be empty/],
    ['a missing file', ['--file', '/nowhere/x.csv'], {}, /--file \/nowhere\/x\.csv .*no such file/],
    ['a folder', ['--file', tmpdir()], {}, /--file .* is a folder/],
    ['a flag without its value', ['--file'], {}, /--file .*argument missing/],
    ['an unknown flag', ['--fil', 'x'], {}, /unknown option '--fil'/],
    ["an unknown flag in Go's spelling", ['-fil=x'], {}, /unknown option '--fil=x'/],
    ['a file without its flag', ['rows.csv'], {}, /"rows.csv" is no flag: --file names a file/],
    ['no workers', ['--parallel', '0'], {}, /--parallel .*'0' .*1 to 256/],
    ['half a worker', ['-parallel=1.5'], {}, /--parallel .*'1\.5'/],
    [
      'a variable that is no number',
      [],
      { FC_PRODUCER_PARALLEL: 'x' },
      /'x' from env 'FC_PRODUCER_PARALLEL'/,
    ],
    ['a port too high', ['--queue-addr', 'a:99999'], {}, /--queue-addr .*'a:99999'/],
    [
      'an address without a port',
      [],
      { FC_PRODUCER_QUEUE_ADDR: 'a' },
      /'a' from env 'FC_PRODUCER_QUEUE_ADDR'/,
    ],
    ['an empty queue name', ['--queue-name', ''], {}, /--queue-name .*1 to 255 bytes/],
    ['no number of rejects', ['--max-rejects', 'many'], {}, /--max-rejects .*10, .*5%/],
    ['more rejects than rows', ['--max-rejects', '101%'], {}, /--max-rejects .*'101%'/],
    ['a switch that is neither', [], { FC_PRODUCER_JSON: 'x' }, /JSON: "x" is neither true nor/],
    ['an unknown log level', ['--log-level', 'loud'], {}, /--log-level .*'loud'/],
  ])('%s', async (_, args, env, message) => {
    const { status, stdout, stderr } = await run(args, env);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(stdout).toBe('');
    expect(status).toBe(1);
  });

  it.skipIf(process.getuid?.() === 0)('an unreadable file (root may read any)', async () => {
    const secret = join(folder, 'secret.csv');
    await writeFile(secret, '', { mode: 0o000 });
    const { status, stderr } = await run(['--file', secret]);
    expect(stderr).toMatch(/^error: --file .*secret\.csv can't be read: permission denied\n$/);
    expect(status).toBe(1);
  });
});

describe('a flag', () => {
  it.each([['-file', 'FILE'], ['--file', 'FILE'], ['-file=FILE'], ['--file=FILE']])(
    'may be spelled %s %s',
    async (...spelling) => {
      const { stderr } = await run(spelling.map((word) => word.replace('FILE', file)));
      expect(stderr).toMatch(/127\.0\.0\.1:1 .*can't be reached/);
    },
  );

  it('beats its environment variable', async () => {
    const { stderr } = await run(['--file', file, '--queue-addr', '127.0.0.1:2']);
    expect(stderr).toMatch(/127\.0\.0\.1:2 .*can't be reached/);
  });

  it('has its default when its environment variable is empty', async () => {
    const { stderr } = await run(['--file', file], { FC_PRODUCER_PARALLEL: '' });
    expect(stderr).toMatch(/127\.0\.0\.1:1 .*can't be reached/);
  });
});

describe('a queue that does not answer', () => {
  it('is status 1 and one line that names the host, and never the password', async () => {
    const { status, stdout, stderr } = await run(['--file', file, '--queue-pass', 'hunter2']);
    expect(stderr).toEqual(
      expect.stringMatching(
        /^error: RabbitMQ at 127\.0\.0\.1:1 \(--queue-addr\) can't be reached: connection refused; 0 rows are processed\. Go on with: [^\n]+\n$/,
      ),
    );
    expect(stdout + stderr).not.toContain('hunter2');
    expect(status).toBe(1);
  });
});

describe('the command to go on with, after an import that failed,', () => {
  it.each([
    [['--limit', '10'], '--import-id ID --offset 0 --limit 10'],
    [['--limit=10', '--offset', '5'], '--import-id ID --offset 5 --limit 10'],
    [
      ['--queue-pass', 'hunter2', '--log-level', 'warn'],
      '--log-level warn --import-id ID --offset 0',
    ],
    [['-offset=5', '--queue-name', "it's"], "--queue-name 'it'\\''s' --import-id ID --offset 5"],
  ])('of %j is %s', async (args, expected) => {
    const { stderr } = await run(['--file', file, ...args]);
    expect(stderr).toMatch(/ Go on with: \S+\/producer --file \S+ /);
    const rest = stderr.trimEnd().split(`${file} `)[1];
    expect(rest?.replace(/--import-id [\da-f-]{36}/, '--import-id ID')).toBe(expected);
    expect(stderr).not.toContain('hunter2');
  });
});

it('the built file runs where there is nothing else of the project', async () => {
  const alone = join(folder, 'producer');
  await copyFile(join(DATA, '../../bin/producer'), alone);
  await chmod(alone, 0o755);
  const producer = start('producer', ['--version'], {}, { cwd: folder });
  expect(await producer.exit).toBe(0);
});
