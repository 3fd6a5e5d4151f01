import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATA, type Run } from './processes.ts';
import { manage, queueUrl, Sandbox, until } from './sandbox.ts';

const FILE = ['--file', join(DATA, 'data_1000.csv')];
const EVERYTHING = { configure: '.*', write: '.*', read: '.*' };
const SERVICES = ['producer', 'consumer'] as const;
type Service = (typeof SERVICES)[number];

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await Sandbox.create();
});

afterEach(async () => {
  await sandbox.destroy();
  for (const user of users.splice(0)) await manage('DELETE', `users/${user}`);
});

const users: string[] = [];

/** A user of the vhost who may do so much, and what makes a service come as that user. */
async function userWith(permissions: typeof EVERYTHING | undefined) {
  const name = `${sandbox.vhost}_user_${users.length}`;
  await manage('PUT', `users/${name}`, { password: 'secret', tags: '' });
  users.push(name);
  if (permissions) await manage('PUT', `permissions/${sandbox.vhost}/${name}`, permissions);
  return { name, flags: ['--queue-user', name, '--queue-pass', 'secret'] };
}

/** Starts a service that has all it needs but for what the flags say. */
function start(service: Service, flags: string[] = []): Run {
  return sandbox.start(service, service === 'producer' ? [...FILE, ...flags] : flags);
}

/** The service ends with status 1 and one line. */
async function expectRefusal(run: Run, message: RegExp): Promise<void> {
  expect(await run.exit, run.output).toBe(1);
  expect(run.stderr).toMatch(/^error: [^\n]+\n$/);
  expect(run.stderr).toMatch(message);
}

describe('status 1 and the first cause, for', () => {
  it('a vhost that the user has no permissions in', async () => {
    const { name, flags } = await userWith(undefined);
    const message = new RegExp(`does not let the user "${name}" into the vhost "${sandbox.vhost}"`);
    await expectRefusal(start('producer', flags), message);
  });

  // amqplib says of each only that the socket closed, or that a frame is too large
  it.each([
    [
      'a port that speaks only TLS',
      Buffer.from([0x15, 3, 3, 0, 2, 2, 10]),
      /speaks only TLS there: say amqps:\/\/ in --queue-url/,
    ],
    [
      'a port of a web server',
      Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
      /does not speak AMQP 0-9-1 there: check the port in --queue-addr/,
    ],
  ])('%s', async (_, answer, message) => {
    const server = createServer((socket) => {
      socket.on('error', () => {}).once('data', () => socket.end(answer));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    await expectRefusal(start('producer', ['--queue-addr', `127.0.0.1:${port}`]), message);
    server.close();
  });

  // a passive declaration after the refusal said "404 no queue", which was told
  it('queues that are missing and that the user may not declare', async () => {
    const { flags } = await userWith({ ...EVERYTHING, configure: '^$' });
    await expectRefusal(
      start('producer', flags),
      /"csv2db\.dead" \(--dead-queue\) is not there and can't be declared: (configure )?access .* refused/,
    );
  });

  it('a name that is reserved', async () => {
    await expectRefusal(
      start('producer', ['--dead-queue', 'amq.dead']),
      /"amq\.dead" \(--dead-queue\) is not there and can't be declared: .*reserved prefix/,
    );
  });

  it.each(SERVICES)('a user of the %s who may not publish', async (service) => {
    await sandbox.migrate();
    await sandbox.declareQueue();
    const { name, flags } = await userWith({ ...EVERYTHING, write: '^$' });
    await expectRefusal(start(service, flags), new RegExp(`user "${name}" may not publish`));
  });

  it('a user of the consumer who may not read', async () => {
    await sandbox.migrate();
    await sandbox.declareQueue();
    const { name, flags } = await userWith({ ...EVERYTHING, read: '^$' });
    const message = new RegExp(
      `refuses the user "${name}" \\((read )?access to queue 'csv2db'.*refused`,
    );
    await expectRefusal(start('consumer', flags), message);
  });
});

// amqplib decodes the name of a vhost once more
it('a vhost with a percent sign in its name is reached', async () => {
  const { hostname, port, username } = queueUrl();
  const vhost = encodeURIComponent(`${sandbox.vhost}%25`);
  await manage('PUT', `vhosts/${vhost}`);
  await manage('PUT', `permissions/${vhost}/${username}`, EVERYTHING);
  const run = start('producer', ['--queue-addr', `${hostname}:${port}/${vhost}`]);
  await run.succeeds();
  await manage('DELETE', `vhosts/${vhost}`);
});

describe('status 1 at the start for a queue of no use:', () => {
  // consumers begin behind what is in a stream, and what they acknowledge stays in it
  it.each(SERVICES)('a stream as the queue of the %s', async (service) => {
    await sandbox.migrate();
    await sandbox.channel.assertQueue('csv2db', { arguments: { 'x-queue-type': 'stream' } });
    await expectRefusal(start(service), /"csv2db" \(--queue-name\) is a stream, .*: name another/);
  });

  it.each(SERVICES)('a stream as the dead-letter queue of the %s', async (service) => {
    await sandbox.migrate();
    const stream = { 'x-queue-type': 'stream', 'x-max-length-bytes': 1_000_000 };
    await sandbox.channel.assertQueue('csv2db.dead', { arguments: stream });
    await expectRefusal(start(service), /"csv2db\.dead" \(--dead-queue\) is a stream/);
  });

  it('an auto-delete queue', async () => {
    await sandbox.channel.assertQueue('csv2db', { autoDelete: true });
    await expectRefusal(start('producer'), /"csv2db" \(--queue-name\) would lose messages/);
  });

  it('an exclusive queue of somebody else', async () => {
    const url = queueUrl();
    url.pathname = `/${sandbox.vhost}`;
    const owner = await connect(url.href);
    await (await owner.createChannel()).assertQueue('csv2db', { exclusive: true });
    await expectRefusal(start('producer'), /"csv2db" is exclusive to another connection/);
    await owner.close();
  });

  it('one queue for both', async () => {
    const run = start('producer', ['--dead-queue', 'csv2db']);
    await expectRefusal(run, /--dead-queue and --queue-name are both "csv2db"/);
  });

  it('a name that leaves no room for ".dead" behind it', async () => {
    const run = start('consumer', ['--queue-name', 'x'.repeat(255)]);
    await expectRefusal(run, /longer than 255 bytes: give a --dead-queue/);
  });
});

describe('a limit is named, and waited for:', () => {
  it.each([
    ['connections of the vhost', 'vhost-limits', 'max-connections', 1],
    ['connections of the user', 'user-limits', 'max-connections', 0],
    ['queues of the vhost', 'vhost-limits', 'max-queues', 1],
    ['channels of the user', 'user-limits', 'max-channels', 1],
  ])('%s', async (_, kind, limit, value) => {
    const { name, flags } = await userWith(EVERYTHING);
    const path = `${kind}/${kind === 'vhost-limits' ? sandbox.vhost : name}/${limit}`;
    await manage('PUT', path, { value });
    const run = start('producer', [...flags, '--parallel', '2']);
    const { msg } = await run.logged(/ limit .*; trying again/);
    expect(msg).toMatch(limit === 'max-channels' ? /lower --parallel/ : /is reached/);
    await manage('DELETE', path);
    await run.succeeds();
    expect(await sandbox.take()).toHaveLength(1_000);
  });
});

it('a vhost with room for two queues has room enough', async () => {
  await manage('PUT', `vhost-limits/${sandbox.vhost}/max-queues`, { value: 2 });
  const run = start('producer');
  await run.succeeds();
  expect(run.log.filter(({ level }) => level === 'warn')).toEqual([]);
});

describe('a queue that is there already', () => {
  it('is used, with a warning for everything that makes it lose messages', async () => {
    const args = { 'x-message-ttl': 3_600_000, 'x-expires': 3_600_000, 'x-max-length': 5_000 };
    await sandbox.channel.assertQueue('csv2db', { arguments: args });
    const run = start('producer');
    await run.succeeds();
    const warnings = run.log.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
    expect(warnings).toEqual([
      expect.stringMatching(/"csv2db" .* wait longer are deleted \(x-message-ttl=3600000\)$/),
      expect.stringMatching(/"csv2db" .* is deleted with its messages .* \(x-expires=3600000\)$/),
      expect.stringMatching(/"csv2db" .* oldest messages are deleted .* \(x-max-length=5000\)$/),
    ]);
  });

  // cause: since RabbitMQ 4 it has a limit without any argument that says so
  it.each(SERVICES)('is used by the %s, with a warning for a default limit', async (service) => {
    await sandbox.migrate();
    await sandbox.channel.assertQueue('csv2db', { arguments: { 'x-queue-type': 'quorum' } });
    const run = start(service);
    await run.logged(service === 'producer' ? /^finished/ : /^consuming/);
    const warnings = run.log.filter(({ level }) => level === 'warn').map(({ msg }) => msg);
    const { rabbitmq_version } = (await manage('GET', 'overview')) as { rabbitmq_version: string };
    const remedy =
      /"csv2db" .* more than 20 times are deleted, unless a policy .* set_policy -p '\w+' 'keep-csv2db' '\^csv2db\$' /;
    expect(warnings).toEqual(
      rabbitmq_version.startsWith('3.') ? [] : [expect.stringMatching(remedy)],
    );
  });

  it("is used without a warning when it is the original's", async () => {
    await sandbox.channel.assertQueue('csv2db');
    const run = start('producer');
    await run.succeeds();
    expect(run.log.filter(({ level }) => level === 'warn')).toEqual([]);
    await run.logged(/^the queue "csv2db" is used as it is: /);
  });

  // its refusal has "limit" and 'durable' in it, and is neither
  it('is used when only its delivery limit differs, whatever its name', async () => {
    const args = { 'x-queue-type': 'quorum', 'x-delivery-limit': 5, 'x-dead-letter-exchange': '' };
    await sandbox.channel.assertQueue('durable', { arguments: args });
    const run = start('producer', ['--queue-name', 'durable']);
    await run.succeeds();
    expect(run.log.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  it('is used by a user who may declare nothing', async () => {
    await sandbox.declareQueue();
    const { flags } = await userWith({ ...EVERYTHING, configure: '^$' });
    const run = start('producer', flags);
    await run.succeeds();
    expect(await sandbox.take()).toHaveLength(1_000);
  });
});

describe('a new quorum queue', () => {
  it('leaves nothing but itself and the dead-letter queue behind', async () => {
    // the sandbox's own declaration leaves no marks
    await sandbox.start('producer', ['--file', '/dev/null']).succeeds();
    await until('its marks are gone', async () => {
      const queues = await manage('GET', `queues/${sandbox.vhost}`);
      const names = (queues as { name: string }[]).map(({ name }) => name);
      return names.sort().join(' ') === 'csv2db csv2db.dead';
    });
  });
});
