import { beforeAll, describe, expect, it } from 'vitest';
import { start } from '../../test/processes.ts';

const FLAGS = [
  ['--parallel', 'FC_CONSUMER_PARALLEL', 'the number of processors'],
  ['--queue-addr', 'FC_CONSUMER_QUEUE_ADDR', '0.0.0.0:5672'],
  ['--queue-user', 'FC_CONSUMER_QUEUE_USER', 'fcuser'],
  ['--queue-pass', 'FC_CONSUMER_QUEUE_PASS', 'fcpass'],
  ['--queue-name', 'FC_CONSUMER_QUEUE_NAME', 'csv2db'],
  ['--db-host', 'FC_CONSUMER_DB_HOST', '0.0.0.0'],
  ['--db-port', 'FC_CONSUMER_DB_PORT', '5432'],
  ['--db-user', 'FC_CONSUMER_DB_USER', 'fcuser'],
  ['--db-pass', 'FC_CONSUMER_DB_PASS', 'fcpass'],
  ['--db-name', 'FC_CONSUMER_DB_NAME', 'userdata'],
  ['--statement-timeout', 'FC_CONSUMER_STATEMENT_TIMEOUT', '30s'],
  ['--dead-queue', 'FC_CONSUMER_DEAD_QUEUE', 'the name of the queue and .dead'],
  ['--batch-bytes', 'FC_CONSUMER_BATCH_BYTES', 'follows the database'],
  ['--prefetch', 'FC_CONSUMER_PREFETCH', 'two batches'],
  ['--queue-type', 'FC_CONSUMER_QUEUE_TYPE', 'quorum'],
  ['--drain-timeout', 'FC_CONSUMER_DRAIN_TIMEOUT', '20s'],
  ['--log-level', 'FC_CONSUMER_LOG_LEVEL', 'info'],
] as const;

async function run(args: string[], env: Record<string, string> = {}) {
  const consumer = start('consumer', args, {
    FC_CONSUMER_QUEUE_ADDR: '127.0.0.1:1',
    FC_CONSUMER_DB_HOST: '127.0.0.1',
    FC_CONSUMER_DB_PORT: '1',
    ...env,
  });
  const status = await consumer.exit;
  return { status, stdout: consumer.stdout, stderr: consumer.stderr };
}

describe('consumer --help', () => {
  let help: string;

  beforeAll(async () => {
    help = (await run(['--help'])).stdout;
  });

  it.each([
    ['--help'],
    ['-help'],
    ['-h'],
    ['migrate', '--help'],
    ['migrate', 'down', '--help'],
    ['drop-db', '-help'],
    ['dead', '-help'],
    ['dead', 'help', 'list'],
  ])('is printed for %s %s', async (...args) => {
    const { status, stdout } = await run(args);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Usage: consumer/);
    expect(stdout).toMatch(/--db-host/);
  });

  it('names what has no default, in groups', () => {
    const [, queue = '', database = ''] = help.split(/^(?:Queue|Database|Commands):$/m);
    for (const name of ['QUEUE_URL', 'QUEUE_PASS_FILE', 'QUEUE_CA', 'QUEUE_CERT', 'QUEUE_KEY']) {
      expect(queue).toContain(`FC_CONSUMER_${name})`);
    }
    for (const name of ['URL', 'PASS_FILE', 'SSLMODE', 'CA', 'CERT', 'KEY']) {
      expect(database).toContain(`FC_CONSUMER_DB_${name})`);
    }
  });

  it.each(FLAGS)('names %s, %s and its default', (flag, variable, value) => {
    expect(help.replaceAll(/\s+/g, ' ')).toMatch(
      new RegExp(`${flag} <[^>]+> [^-]*default: "?${value}"?(,|\\) \\() ?env: ${variable}`),
    );
  });
});

describe('a wrong value gets one line that names it, and status 1:', () => {
  it.each<[string, string[], Record<string, string>, RegExp]>([
    ['a port too high', ['--db-port', '99999'], {}, /--db-port .*'99999' .*1 to 65535/],
    ['port 0', ['-db-port=0'], {}, /--db-port .*'0'/],
    ['a variable', [], { FC_CONSUMER_DB_PORT: 'x' }, /'x' from env 'FC_CONSUMER_DB_PORT'/],
    ['no workers', ['--parallel', '0'], {}, /--parallel .*'0'/],
    ['an empty host', ['--db-host', ''], {}, /--db-host .*must not be empty/],
    ['a database with spaces', ['--db-name', ' x'], {}, /--db-name .*' x' .*spaces around/],
    ['a database with a tab', ['--db-name', 'a\tb'], {}, /--db-name .*control characters/],
    ['a long user', ['--db-user', 'x'.repeat(64)], {}, /--db-user .*63 bytes/],
    ['a time limit of 0', ['--statement-timeout', '0s'], {}, /--statement-timeout .*from 1s/],
    ['a time limit of nothing', ['status', '--timeout', '1s'], {}, /--timeout .*--wait/],
    ['a switch that is neither', [], { FC_CONSUMER_QUIET: 'x' }, /QUIET: "x" is neither true nor/],
    ['watching JSON', ['--json', 'status', '--watch'], {}, /'--watch' .*'--json'/],
    ['watching and waiting', ['status', '-watch', '-wait'], {}, /'--watch' .*'--wait'/],
    ['an unknown command', ['migrat'], {}, /unknown command 'migrat'/],
    ['an unknown direction', ['migrate', 'sideways'], {}, /'sideways'|too many arguments/],
    ['an unknown queue type', ['--queue-type', 'stream'], {}, /--queue-type .*quorum or classic/],
    ['no duration', ['--drain-timeout', 'soon'], {}, /--drain-timeout .*'soon' .*duration/],
    ['an empty list of addresses', ['--queue-addr', 'a:1,'], {}, /--queue-addr .*'a:1,'/],
    ['purging without a yes', ['dead', 'purge'], {}, /add --yes/],
    ['no reference of a dead letter', ['dead', 'show', ''], {}, /'' .*IMPORT:ROW/],
    [
      'nothing to do with the dead letters',
      ['dead'],
      {},
      /'dead' needs a command: one of list, show,/,
    ],
    ['an unknown command of dead', ['dead', 'lst'], {}, /'dead lst': one of list, .*, purge\n$/],
    ['replaying for no reason', ['dead', 'replay', '--reason', ''], {}, /--reason .*not be empty/],
    ['an unknown flag', ['--db-hots', 'x'], {}, /unknown option '--db-hots'/],
    ['a flag without its value', ['migrate', '--db-host'], {}, /--db-host .*argument missing/],
  ])('%s', async (_, args, env, message) => {
    const { status, stdout, stderr } = await run(args, env);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(stdout).toBe('');
    expect(status).toBe(1);
  });
});

describe('a database that does not answer', () => {
  it.each<string[]>([['migrate'], ['migrate', 'down'], ['drop-db']])(
    'is status 1 and one line that names the host, for consumer %s %s',
    async (...args) => {
      const { status, stdout, stderr } = await run(args.concat('--db-pass', 'hunter2'));
      expect(stderr).toBe(
        "error: PostgreSQL at 127.0.0.1:1 (--db-host, --db-port) can't be reached: connection refused\n",
      );
      expect(stdout + stderr).not.toContain('hunter2');
      expect(status).toBe(1);
    },
  );

  it.each([
    ['--db-host', '::1'],
    ['--db-url', 'postgres://u@[::1]:1/d'],
  ])(
    'has the address of its host in brackets where that has colons, with %s %s',
    async (...args) => {
      expect((await run(['migrate', ...args])).stderr).toMatch(/^error: PostgreSQL at \[::1\]:1 /);
    },
  );

  it('is waited for by the consumer, which says so once, until it is stopped', async () => {
    const consumer = start('consumer', [], {
      FC_CONSUMER_DB_HOST: '127.0.0.1',
      FC_CONSUMER_DB_PORT: '1',
    });
    const { level } = await consumer.logged(
      /^PostgreSQL at 127\.0\.0\.1:1 .* can't be reached: connection refused; storing pauses/,
    );
    expect(level).toBe('warn');
    consumer.kill('SIGTERM');
    await consumer.succeeds();
    expect(consumer.log.filter((line) => line['level'] === 'warn')).toHaveLength(1);
  });

  it('may be named before or behind the command', async () => {
    for (const args of [
      ['--db-port', '2', 'migrate'],
      ['migrate', '-db-port', '2'],
    ]) {
      expect((await run(args)).stderr).toMatch(/127\.0\.0\.1:2 .*can't be reached/);
    }
  });
});
