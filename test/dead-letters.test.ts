import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Run } from './processes.ts';
import { Sandbox, until } from './sandbox.ts';

const CONSUMER = fileURLToPath(new URL('../bin/consumer', import.meta.url));

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await Sandbox.migrated();
  await sandbox.send('not json', { messageId: 'm-1', headers: { 'x-origin': 'test' } });
  await sandbox.send('{"name":"N\\u0000ul","email":"nul@example.com"}', {
    headers: { 'x-csv2db-import': 'i-1', 'x-csv2db-row': 7 },
  });
  await sandbox.send('{"name":"A \\"quoted\\" name","email":"check@example.com"}');
  await sandbox.pool.query(
    "ALTER TABLE contacts ADD CONSTRAINT no_quotes CHECK (name NOT LIKE '%\"%')",
  );
  const consumer = sandbox.start('consumer');
  await until('three dead letters', async () => {
    await consumer.logged(/^consuming/);
    return (await sandbox.ready('csv2db.dead')) === 3;
  });
  consumer.kill('SIGTERM');
  await consumer.succeeds();
});

afterEach(async () => {
  await sandbox.destroy();
});

async function dead(...args: string[]) {
  const isLook =
    ['list', 'show', 'export'].includes(args[0] ?? '') && !args.includes('--dead-queue');
  const ready = (): Promise<number> => sandbox.ready('csv2db.dead');
  const letters = isLook ? await ready() : 0;
  const run = sandbox.start('consumer', ['dead', ...args]);
  const status = await run.exit;
  // RabbitMQ gives back what was looked at a moment after it has answered
  if (isLook) await until('all are back', async () => (await ready()) === letters);
  return { status, stdout: run.stdout, stderr: run.stderr };
}

/** Runs a line of bash, in which `$0` is the consumer. */
async function bash(line: string) {
  const options = { env: { ...process.env, ...sandbox.env } };
  const run = new Run(spawn('bash', ['-c', `set -o pipefail; ${line}`, CONSUMER], options));
  return { status: await run.exit, stdout: run.stdout, stderr: run.stderr };
}

/** The messages are given back a moment after the command has ended. */
async function allAreBack(): Promise<void> {
  await until('all are back', async () => (await sandbox.ready('csv2db.dead')) === 3);
}

describe('consumer dead list', () => {
  it('shows a line for each, and leaves them where they are', async () => {
    for (let time = 0; time < 2; time += 1) {
      const { status, stdout } = await dead('list');
      expect(status).toBe(0);
      expect(stdout).toMatch(/^[\da-f]{6}\t\S+Z\tthe body is not JSON.*\t"not json"$/m);
      expect(stdout).toMatch(/^i-1:7\t\S+Z\tinvalid byte sequence.*\t"nul@example.com"$/m);
      expect(stdout).toMatch(/^3 dead letters in "csv2db.dead"$/m);
    }
    await allAreBack();
  });

  it('ends when nobody reads it any more', async () => {
    expect(await bash('"$0" dead list | true')).toEqual({ status: 0, stdout: '', stderr: '' });
    await allAreBack();
  });

  it('is one line and status 1 where standard output is full', async () => {
    expect(await bash('"$0" dead list >/dev/full')).toEqual({
      status: 1,
      stdout: '',
      stderr: "error: standard output can't be written: ENOSPC: no space left on device, write\n",
    });
    await allAreBack();
  });

  it('shows what a terminal would obey, or nobody would see, escaped', async () => {
    const headers = { 'x-csv2db-reason': 'a\u001B[2J\u202Eb' };
    sandbox.channel.sendToQueue('csv2db.dead', Buffer.from('\u009B\u200B'), { headers });
    sandbox.channel.sendToQueue('csv2db.dead', Buffer.from([0xff, 0xfe]));
    await until('five dead letters', async () => (await sandbox.ready('csv2db.dead')) === 5);
    const { stdout } = await dead('list');
    expect(stdout).toContain('\ta\\u001b[2J\\u202eb\t"\\u009b\\u200b"\n');
    expect(stdout).toContain('\tunknown\t2 bytes, not UTF-8\n');
    const reference = /^(\w+)\t\tunknown\t2 bytes/m.exec(stdout)?.[1] ?? '';
    const shown = JSON.parse((await dead('show', reference)).stdout) as Record<string, unknown>;
    expect(shown).toMatchObject({ bodyBase64: '//4=', reason: 'unknown' });
    expect(shown).not.toHaveProperty('body');
  });

  it('says why RabbitMQ itself moved a message, which is replayed without a trace of that', async () => {
    await sandbox.channel.assertQueue('short', {
      arguments: {
        'x-message-ttl': 1,
        'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': 'csv2db.dead',
      },
    });
    sandbox.channel.sendToQueue('short', Buffer.from('late'), { headers: { 'x-origin': 'o' } });
    await until('four dead letters', async () => (await sandbox.ready('csv2db.dead')) === 4);
    const { stdout } = await dead('list');
    expect(stdout).toMatch(/\tit waited in the queue for longer than its time to live.*\t"late"$/m);
    expect((await dead('replay', '--reason', 'time to live')).status).toBe(0);
    const [moved] = await sandbox.take();
    const headers = Object.keys(moved?.properties.headers ?? {});
    expect(headers.filter((name) => name !== 'x-delivery-count')).toEqual(['x-origin']);
  });

  // cause: a quorum queue deletes what was given back too often; since RabbitMQ 4 it does so unless
  // told not to
  it.each([
    [
      'the limit is the default one',
      {},
      /unless a policy lifts that: rabbitmqctl set_policy -p '\w+' /,
    ],
    ['the queue was declared with a limit', { 'x-delivery-limit': 4 }, /name another queue with/],
  ])('never deletes a letter, however often it is called, where %s', async (_, limit, remedy) => {
    await sandbox.channel.assertQueue('worn.dead', {
      arguments: { 'x-queue-type': 'quorum', ...limit },
    });
    for (const body of ['first', 'second']) {
      sandbox.channel.sendToQueue('worn.dead', Buffer.from(body), { persistent: true });
    }
    await until('two letters', async () => (await sandbox.ready('worn.dead')) === 2);
    for (let look = 1; look <= 25; look += 1) {
      const { status, stderr } = await dead('list', '--dead-queue', 'worn.dead');
      if (status === 0) continue;
      expect(stderr).toMatch(remedy);
      expect(stderr).toMatch(
        /\nerror: a letter in "worn.dead" was looked at \d+ times.* --force\n$/,
      );
    }
    await until('both are there', async () => (await sandbox.ready('worn.dead')) === 2);
  });

  it('shows everything that is known as JSON lines', async () => {
    const { stdout } = await dead('list', '--json');
    const letters = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(letters).toContainEqual(
      expect.objectContaining({
        reason: 'invalid byte sequence for encoding "UTF8": 0x00',
        sqlstate: '22021',
        attempts: 1,
        import: 'i-1',
        row: 7,
        name: 'N\0ul',
        email: 'nul@example.com',
      }),
    );
    expect(letters).toContainEqual(expect.objectContaining({ sqlstate: '23514' }));
    expect(letters).toContainEqual(expect.objectContaining({ body: 'not json' }));
  });
});

describe('the references of dead letters', () => {
  /** Puts what is first in the queue behind the others, as a look may do with what it gives back. */
  async function turnQueue(): Promise<void> {
    const first = await sandbox.channel.get('csv2db.dead', { noAck: true });
    if (!first) throw new Error('the queue is empty');
    sandbox.channel.sendToQueue('csv2db.dead', first.content, first.properties);
    await allAreBack();
  }

  async function references(): Promise<string[]> {
    const { stdout } = await dead('list');
    return stdout.split('\n').flatMap((line) => /^(\S+)\t/.exec(line)?.[1] ?? []);
  }

  async function shown(reference: string) {
    const { status, stdout, stderr } = await dead('show', reference);
    expect(status, stderr).toBe(0);
    const documents = stdout.trimEnd().split(/(?<=^\})\n/m);
    return documents.map((document) => JSON.parse(document) as Record<string, unknown>);
  }

  /** Replaces the letters by others. */
  async function bury(letters: { time: string; import?: string; row?: number; rows?: number }[]) {
    await sandbox.channel.purgeQueue('csv2db.dead');
    for (const { time, import: importId, row, rows } of letters) {
      const origin = { 'x-csv2db-import': importId, 'x-csv2db-row': row, 'x-csv2db-rows': rows };
      const headers = { 'x-csv2db-time': time, ...origin };
      sandbox.channel.sendToQueue('csv2db.dead', Buffer.from('[]'), { headers });
    }
    const all = async () => (await sandbox.ready('csv2db.dead')) === letters.length;
    await until('all are there', all);
  }

  it('stay, in the same order, wherever the letters are in the queue', async () => {
    const { stdout } = await dead('list');
    const json = await dead('list', '--json');
    for (let turn = 0; turn < 2; turn += 1) {
      await turnQueue();
      expect((await dead('list')).stdout).toBe(stdout);
      expect((await dead('list', '--json')).stdout).toBe(json.stdout);
    }
  });

  it('show the letter that had them in the list, wherever it is, and which others are gone', async () => {
    const { stdout } = await dead('list', '--json');
    const whole = stdout.trimEnd().split('\n');
    const letters = whole.map((line) => JSON.parse(line) as Record<string, unknown>);
    const short = await references();
    expect((await dead('replay', '--reason', 'no_quotes')).status).toBe(0);
    for (const [place, letter] of letters.entries()) {
      const name = short[place] ?? '';
      if (letter['email'] === 'check@example.com') {
        expect((await dead('show', name)).stderr).toContain(`there is no dead letter ${name}: `);
        continue;
      }
      for (const reference of [name, String(letter['ref'])]) {
        expect(await shown(reference)).toEqual([expect.objectContaining(letter)]);
      }
    }
    expect(await shown('i-1:7')).toEqual([expect.objectContaining({ email: 'nul@example.com' })]);
    const [poison] = await shown(short[letters.findIndex(({ body }) => body === 'not json')] ?? '');
    expect(poison).toHaveProperty(['headers', 'x-origin'], 'test');
  });

  it('are listed by the time of the death, the import and the row, with ids as short as they can be', async () => {
    const [early, late] = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.001Z'];
    await bury([
      { time: late, import: 'aaaaaaaa', row: 1 },
      { time: early, import: 'bbbbbbb2', row: 10 },
      { time: early, import: 'bbbbbbb2', row: 9 },
      { time: early, import: 'bbbbbbb1', row: 1200, rows: 100 },
    ]);
    expect(await references()).toEqual([
      'bbbbbbb1:1200-1299',
      'bbbbbbb2:9',
      'bbbbbbb2:10',
      'aaaaaa:1',
    ]);
  });

  it('are also those of a row of several, and of the beginning of an id, unless one is wholly that', async () => {
    const time = '2026-01-01T00:00:00.000Z';
    await bury([
      { time, import: 'import-12', row: 7 },
      { time, import: 'import-1', row: 1, rows: 7 },
      { time, import: 'import-1', row: 8 },
    ]);
    const refs = async (reference: string) => (await shown(reference)).map(({ ref }) => ref);
    expect(await refs('import-1:7')).toEqual(['import-1:1-7']);
    expect((await refs('import:7')).sort()).toEqual(['import-12:7', 'import-1:1-7'].sort());
    expect(await refs('import-1:2-5')).toEqual(['import-1:1-7']);
    expect((await dead('show', 'import-1:6-8')).status).toBe(1);
  });

  it('are told of where there is no such letter', async () => {
    expect(await dead('show', 'none:4')).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'error: there is no dead letter none:4: "csv2db.dead" holds 3, see "consumer dead list"\n',
    });
  });
});

it('consumer dead export is complete, however slowly it is read', async () => {
  const contacts = Array.from({ length: 20_000 }, (_, n) => ({
    name: 'N',
    email: `${n}@example.com`,
  }));
  sandbox.channel.sendToQueue('csv2db.dead', Buffer.from(JSON.stringify(contacts)));
  await until('four dead letters', async () => (await sandbox.ready('csv2db.dead')) === 4);
  const run = sandbox.start('consumer', ['dead', 'export']);
  run.readSlowly();
  expect(await run.exit, run.stderr).toBe(0);
  expect(run.stdout.match(/\n/g)).toHaveLength(contacts.length + 3);
});

it('consumer dead export writes CSV: name, email, reason', async () => {
  const { status, stdout } = await dead('export');
  expect(status).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines).toContain(
    '"A ""quoted"" name","check@example.com","new row for relation ""contacts"" violates check constraint ""no_quotes"""',
  );
  await allAreBack();
});

describe('consumer dead replay', () => {
  it('moves all of them back, as they were', async () => {
    const { status, stdout } = await dead('replay');
    expect(status).toBe(0);
    expect(stdout).toBe('3 of 3 dead letters moved back to "csv2db"\n');
    expect(await sandbox.ready('csv2db.dead')).toBe(0);
    const poison = (await sandbox.take()).find(({ content }) => String(content) === 'not json');
    expect(poison?.properties).toMatchObject({ messageId: 'm-1', deliveryMode: 2 });
    expect(
      Object.keys(poison?.properties.headers ?? {}).filter((name) => name.startsWith('x-csv2db')),
    ).toEqual([]);
  });

  it('moves those of one reason, which are stored when their cause is mended', async () => {
    await sandbox.pool.query('ALTER TABLE contacts DROP CONSTRAINT no_quotes');
    const { stdout } = await dead('replay', '--reason', 'no_quotes');
    expect(stdout).toBe('1 of 3 dead letters moved back to "csv2db"\n');
    sandbox.start('consumer');
    await until('the row is stored', async () => (await sandbox.countContacts()) === 1);
    await until('the others are there', async () => (await sandbox.ready('csv2db.dead')) === 2);
  });
});

it('consumer dead purge deletes them, after a yes', async () => {
  expect((await dead('purge')).status).toBe(1);
  expect(await sandbox.ready('csv2db.dead')).toBe(3);
  expect((await dead('purge', '--yes')).stdout).toBe('3 dead letters deleted\n');
  expect(await sandbox.ready('csv2db.dead')).toBe(0);
});

it('consumer dead says where there is no queue of dead letters, and what that means', async () => {
  const address = sandbox.env['FC_CONSUMER_QUEUE_ADDR'] ?? '';
  for (const args of [['list'], ['show', 'i-1:7'], ['export'], ['replay'], ['purge', '--yes']]) {
    expect(await dead(...args, '--dead-queue', 'nowhere')).toEqual({
      status: 1,
      stdout: '',
      stderr:
        `error: there are no dead letters: RabbitMQ at ${address} has no queue "nowhere", which the services make ` +
        'when they start; if they have, check --queue-addr, --queue-name and --dead-queue\n',
    });
  }
});
