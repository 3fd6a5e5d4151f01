import { expect, it } from 'vitest';
import { Proxy } from './proxy.ts';
import { describeWithPython } from './python.ts';
import { queueUrl, until } from './sandbox.ts';
import { Terminal } from './terminal.ts';
import { workbench } from './workbench.ts';

/** What only the line of progress has. */
const LINE = / rows\/s {2}/;

const bench = workbench();

describeWithPython('the consumer on a terminal', () => {
  it('shows rates, depth, lag and both servers, and ends with a summary that fits', async () => {
    const { sandbox } = bench;
    await sandbox.migrate();
    const terminal = consuming(80, ['--parallel', '1', '--prefetch', '1']);
    const idle = '0 rows/s  0 messages queued  RabbitMQ up  PostgreSQL up';
    await until('it waits', () => terminal.cursor.line === idle);
    const client = await sandbox.pool.connect();
    await client.query('BEGIN; LOCK TABLE contacts');
    for (let n = 0; n < 20; n += 1) {
      const timestamp = Math.floor(Date.now() / 1000);
      await sandbox.send(`{"name":"N","email":"${n}@progress.example"}`, { timestamp });
    }
    // one is delivered, and not acknowledged
    await until('they wait', () => terminal.cursor.line.includes(' 19 messages queued '));
    await client.query('COMMIT');
    client.release();
    const busy = /^\d+ rows\/s {2}\d+ messages queued {2}lag \d+s {2}RabbitMQ up {2}PostgreSQL up$/;
    await until('it stores', () => busy.test(terminal.cursor.line));
    await until('all is stored', () => terminal.cursor.line.includes('  0 messages queued'));
    terminal.resize(40, 24);
    await until('it is narrow', () =>
      /^\d+ rows\/s {2}0 queued( {2}lag \d+s)?$/.test(terminal.cursor.line),
    );
    terminal.interrupt();
    expect(await terminal.exit).toBe(0);
    expect(terminal.cursor).toEqual({ line: '', column: 0 });
    expect(terminal.history.filter((line) => LINE.test(line))).toEqual([]);
    const [what, ...counts] = terminal.screen.slice(-4);
    expect(what).toMatch(/ INFO: stopped$/);
    expect(counts).toEqual(['  20 rows inserted', '  0 duplicates', '  0 dead letters']);
  });

  it('shows that the database is down, and why, as far as there is room', async () => {
    const { sandbox } = bench;
    await sandbox.migrate();
    const terminal = consuming(120);
    await until('it waits', () => terminal.cursor.line.endsWith('PostgreSQL up'));
    await sandbox.pool.query('ALTER TABLE contacts RENAME TO others');
    await sandbox.send('{"name":"Ann","email":"ann@progress.example"}');
    const why = `has no table contacts in "${sandbox.databaseName}": create it with "consumer migrate"`;
    await until('it is down', () => terminal.cursor.line.endsWith(`  PostgreSQL down (${why})`));
    terminal.resize(40, 24);
    const narrow = 'PostgreSQL down (has no tab…r migrate")';
    await until('it is narrow', () => terminal.cursor.line === narrow);
    await sandbox.pool.query('ALTER TABLE others RENAME TO contacts');
    await until('it stores', () => terminal.cursor.line === '0 rows/s  0 queued');
    terminal.interrupt();
    expect(await terminal.exit).toBe(0);
  });

  it('shows that the queue is away, why, and when it connects again', async () => {
    await bench.sandbox.migrate();
    const { hostname, port } = queueUrl();
    const proxy = await Proxy.start(hostname, Number(port));
    const address = `127.0.0.1:${proxy.port}/${bench.sandbox.vhost}`;
    const terminal = consuming(120, ['--queue-addr', address]);
    await until('it waits', () => terminal.cursor.line.includes(' RabbitMQ up '));
    await proxy.close();
    const away =
      /^0 rows\/s {2}RabbitMQ down \(connection refused\), next try in \d s {2}PostgreSQL up$/;
    await until('it is away', () => away.test(terminal.cursor.line));
    terminal.interrupt();
    expect(await terminal.exit).toBe(0);
    expect(terminal.history.filter((line) => LINE.test(line))).toEqual([]);
  });

  it('shows of both servers why they are away', async () => {
    const { sandbox } = bench;
    await sandbox.migrate();
    const ports = [queueUrl(), sandbox.databaseUrl];
    const [queue, database] = await Promise.all(
      ports.map(({ hostname, port }) => Proxy.start(hostname, Number(port))),
    );
    const terminal = consuming(80, [
      ...['--queue-addr', `127.0.0.1:${queue?.port}/${sandbox.vhost}`],
      ...['--db-host', '127.0.0.1', '--db-port', `${database?.port}`],
    ]);
    await until('it waits', () => terminal.cursor.line.endsWith('RabbitMQ up  PostgreSQL up'));
    await Promise.all([queue?.close(), database?.close()]);
    const both = 'RabbitMQ down (connection refused)  PostgreSQL down (connection refused)';
    await until('they are away', () => terminal.cursor.line === both);
    terminal.resize(40, 24);
    const narrow = 'RabbitMQ down  PostgreSQL down';
    await until('it is narrow', () => terminal.cursor.line === narrow);
    terminal.interrupt();
    expect(await terminal.exit).toBe(0);
  });

  it('shows in a long outage of PostgreSQL that the queue waits for that, and is not down', async () => {
    const { sandbox } = bench;
    await sandbox.migrate();
    const { hostname, port } = sandbox.databaseUrl;
    const proxy = await Proxy.start(hostname, Number(port));
    const flags = ['--db-host', '127.0.0.1', '--db-port', `${proxy.port}`, '--metrics-addr', '0'];
    const terminal = consuming(120, flags);
    await until('it waits', () => terminal.cursor.line.includes(' RabbitMQ up '));
    await proxy.close();
    await sandbox.send('{"name":"Ann","email":"ann@out.example"}');
    const out =
      /^0 rows\/s {2}RabbitMQ waits for PostgreSQL {2}PostgreSQL down \(connection refused\)$/;
    await until('the queue waits', () => out.test(terminal.cursor.line), 45);
    await until('the message is back', async () => (await sandbox.ready()) === 1);
    const [, url] = /metrics are at (http:\S+)\/metrics/.exec(terminal.output) ?? [];
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, await ready.json()]).toMatchObject([503, { queue: 'up' }]);
    expect(await (await fetch(`${url}/status.json`)).json()).toMatchObject({
      servers: {
        queue: { state: 'waits', words: 'waits for PostgreSQL' },
        database: { state: 'down' },
      },
    });
    await proxy.reopen();
    await until('it is stored', async () => {
      return (await sandbox.contacts()).some(({ email }) => email === 'ann@out.example');
    });
    await until('it is up', () => terminal.cursor.line.includes(' RabbitMQ up '));
    terminal.interrupt();
    expect(await terminal.exit).toBe(0);
    await proxy.close();
  }, 90_000);

  it('shows which server it waits for at the start', async () => {
    const nowhere = ['--db-url', 'postgres://127.0.0.1:1/none', '--queue-addr', '127.0.0.1:1'];
    const terminal = consuming(80, nowhere);
    const down = 'PostgreSQL down (connection refused)';
    await until('it is down', () => terminal.cursor.line === `0 rows/s  ${down}`);
    terminal.resize(40, 24);
    await until('it is narrow', () => terminal.cursor.line === down);
    terminal.interrupt();
    expect(await terminal.exit).toBe(0);
  });

  // Node.js 20 ended with an assertion of its own
  it('ends as ever when the terminal is closed', async () => {
    await bench.sandbox.migrate();
    const terminal = consuming(80);
    await until('it waits', () => terminal.cursor.line.endsWith('PostgreSQL up'));
    terminal.close();
    expect(await terminal.exit).toBe(0);
  });

  // it wiped, four times a second, what was typed to the shell
  it('leaves the terminal alone while it is in the background of a shell', async () => {
    const { sandbox } = bench;
    await sandbox.migrate();
    // nothing of its own redraws
    const env = { ...sandbox.env, NO_COLOR: '1', PS1: '$ ', HISTFILE: '' };
    const terminal = new Terminal('bash', ['--norc', '--noediting'], env, 80, 24);
    const says = (text: string) => until(text, () => terminal.output.includes(text));
    terminal.type('consumer &\n');
    await says('consuming the queue');
    expect(terminal.output).not.toContain('\u001B');
    terminal.type('fg\n');
    await until('it is shown', () => LINE.test(terminal.cursor.line));
    terminal.type('\u001A');
    await says('Stopped');
    const before = terminal.output.length;
    terminal.type('bg; echo in the background\n');
    await says('\nin the background');
    await sandbox.send('nonsense');
    await says('moved to the dead-letter queue');
    terminal.resize(100, 24);
    terminal.type('kill %1; wait; exit\n');
    expect(await terminal.exit).toBe(0);
    const since = terminal.output.slice(before);
    expect(since).toContain('stopped');
    expect(since).not.toContain('\u001B');
  });

  // the line was waited for as a line of the log is
  it('goes on while the terminal takes nothing', async () => {
    const { sandbox } = bench;
    await sandbox.migrate();
    const terminal = consuming(80);
    await until('it waits', () => terminal.cursor.line.endsWith('PostgreSQL up'));
    const [stop, goOn] = ['\u0013', '\u0011'];
    terminal.type(stop);
    const end = Date.now() + 1_500;
    let rows = 0;
    for (; Date.now() < end; rows += 1) {
      await sandbox.send(`{"name":"N","email":"${rows}@stopped.example"}`);
      await until('it is stored', async () => (await sandbox.countContacts()) > rows);
    }
    terminal.type(goOn);
    await until('it is shown', () => !terminal.cursor.line.startsWith('0 rows/s'));
    terminal.interrupt();
    expect(await terminal.exit).toBe(0);
    expect(terminal.history.filter((line) => LINE.test(line))).toEqual([]);
    expect(terminal.screen.join('\n')).toContain(` ${rows} rows inserted`);
  });

  it.each([
    ['--quiet', { NO_COLOR: '1' }],
    ['--json', {}],
  ])('%s takes nothing back of what it shows', async (flag, env) => {
    await bench.sandbox.migrate();
    const terminal = consuming(80, [flag], env);
    await until('it consumes', () => terminal.output.includes('consuming the queue'));
    terminal.interrupt();
    expect(await terminal.exit).toBe(0);
    expect(terminal.output).not.toContain('\u001B');
    const last = terminal.output.replace('^C', '').trimEnd().split('\r\n').slice(-1).join();
    if (flag === '--json') expect(JSON.parse(last)).toMatchObject({ inserted: 0, dead: 0 });
    else expect(last).toMatch(/stopped: 0 rows inserted, 0 duplicates, 0 dead letters$/);
  });
});

it('FC_CONSUMER_JSON is about the log: status is a table all the same, and JSON where that is asked for', async () => {
  await bench.sandbox.migrate();
  const status = async (...args: string[]): Promise<string> => {
    const run = bench.sandbox.start('consumer', args, { FC_CONSUMER_JSON: 'true' });
    await run.succeeds();
    return run.stdout;
  };
  expect(await status('status')).toMatch(/^messages in "csv2db": 0$/m);
  for (const args of [
    ['status', '--json'],
    ['--json', 'status'],
  ]) {
    expect(await status(...args)).not.toContain('messages in');
  }
});

function consuming(
  columns: number,
  args: string[] = [],
  env: Record<string, string> = {},
): Terminal {
  return new Terminal('consumer', args, { ...bench.sandbox.env, ...env }, columns, 24);
}
