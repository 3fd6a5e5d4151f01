import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConfirmChannel, connect } from 'amqplib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Authority, type Certificate, encryptKey } from './certificates.ts';
import { DATA, start } from './processes.ts';
import { Sandbox, takeAll, until } from './sandbox.ts';
import { openFolder, OwnRabbitmq } from './servers.ts';

const FILE = ['--file', join(DATA, 'data_1000.csv'), '--checkpoint', 'none', '--retry-for', '0'];

let folder: string;
let authority: Authority;
let ordinary: Certificate;
let ours: Certificate;
let rabbitmq: OwnRabbitmq;
let url: string;

beforeAll(async () => {
  folder = await openFolder();
  authority = await Authority.create(folder);
  ordinary = await authority.issue('server');
  ours = await authority.issue('client');
  rabbitmq = await OwnRabbitmq.start(ordinary, authority.ca, false);
  url = `amqps://fcuser:fcpass@localhost:${rabbitmq.tlsPort}`;
  const plain = ['--queue-addr', `127.0.0.1:${rabbitmq.port}`, '--checkpoint', 'none'];
  await start('producer', ['--file', '/dev/null', ...plain]).succeeds();
});

afterAll(async () => {
  await rabbitmq.remove();
  await rm(folder, { recursive: true });
});

async function onChannel<T>(work: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
  const connection = await connect(`amqp://fcuser:fcpass@127.0.0.1:${rabbitmq.port}`);
  const result = await work(await connection.createConfirmChannel());
  await connection.close();
  return result;
}

async function publish(body: string): Promise<void> {
  await onChannel((channel) => {
    channel.sendToQueue('csv2db', Buffer.from(body), { persistent: true });
    return channel.waitForConfirms();
  });
}

/** How many messages are in the queue. */
async function ready(): Promise<number> {
  const { messageCount } = await onChannel((channel) => channel.checkQueue('csv2db'));
  return messageCount;
}

/** How many messages with rows were in the queue, which is empty then. */
async function taken(): Promise<number> {
  const { messages } = await onChannel((channel) => takeAll(channel, 'csv2db'));
  return messages.length;
}

async function arrives(...flags: string[]): Promise<void> {
  await start('producer', [...FILE, ...flags]).succeeds();
  expect(await taken()).toBe(1_000);
}

async function fails(message: RegExp, ...flags: string[]): Promise<void> {
  const producer = start('producer', [...FILE, ...flags]);
  expect(await producer.exit, producer.output).toBe(1);
  expect(producer.stderr).toMatch(/^error: [^\n]+\n$/);
  expect(producer.stderr).toMatch(message);
}

describe('a file arrives over TLS', () => {
  it('where the authority is known', async () => {
    await arrives('--queue-url', url, '--queue-ca', authority.ca);
  });

  it('where the authority, a certificate and its key are parameters of the URL', async () => {
    const files = `cacertfile=${authority.ca}&certfile=${ours.cert}&keyfile=${ours.key}`;
    await arrives('--queue-url', `${url}?${files}`);
  });

  it('without a URL, where the file of the authority asks for it', async () => {
    const address = `127.0.0.1:${rabbitmq.tlsPort}`;
    await arrives('--queue-addr', address, '--queue-ca', authority.ca);
  });
});

it('a consumer stores what arrives over TLS, and tells of its dead letters', async () => {
  const sandbox = await Sandbox.create();
  await sandbox.migrate();
  const rows = join(folder, 'rows.csv');
  await writeFile(rows, `Ada,ada@example.com\nBob,bob@example.com\n`);
  const queue = ['--queue-url', url, '--queue-ca', authority.ca];
  await start('producer', ['--file', rows, '--checkpoint', 'none', ...queue]).succeeds();
  await publish('poison');
  // only what the URL says is to count
  const env = {
    FC_CONSUMER_QUEUE_ADDR: '',
    FC_CONSUMER_QUEUE_USER: '',
    FC_CONSUMER_QUEUE_PASS: '',
  };
  const consumer = sandbox.start('consumer', queue, env);
  await until('both rows are stored', async () => (await sandbox.countContacts()) === 2);
  await consumer.logged(/moved to the dead-letter queue/);
  consumer.kill('SIGTERM');
  await consumer.succeeds();
  const list = sandbox.start('consumer', ['dead', 'list', ...queue], env);
  await list.succeeds();
  expect(list.stdout).toMatch(/the body is not JSON/);
  await sandbox.destroy();
});

// amqplib says of each what Node.js or OpenSSL do, or only that the socket closed
describe('status 1 and one line, for', () => {
  afterEach(async () => {
    await rabbitmq.use(ordinary);
  });

  it('a certificate for another host', async () => {
    await rabbitmq.use(await authority.issue('server', { hosts: 'DNS:rabbit.example' }));
    const message =
      /^error: RabbitMQ at localhost:\d+ has a certificate for other names: connect to a name that is in it, .*DNS:rabbit\.example/;
    await fails(message, '--queue-url', url, '--queue-ca', authority.ca);
  });

  it('a certificate that has expired', async () => {
    await rabbitmq.use(await authority.issue('server', { days: 0 }));
    const message = /has a certificate that has expired: renew it, or .* clock/;
    await fails(message, '--queue-url', url, '--queue-ca', authority.ca);
  });

  it('a certificate of an authority that is not known', async () => {
    await fails(/of an authority that is not known: .*--queue-ca/, '--queue-url', url);
    const { ca } = await Authority.create(folder, 'stranger');
    const message = /of an authority that is not known: .*--queue-ca/;
    await fails(message, '--queue-url', url, '--queue-ca', ca);
  });

  it('a certificate that is self-signed', async () => {
    await rabbitmq.use(await authority.selfSigned());
    await fails(/has a certificate that is self-signed: .*--queue-ca/, '--queue-url', url);
  });

  it('a port without TLS', async () => {
    const message = /speaks no TLS there: .* amqp:\/\//;
    const plain = `amqps://fcuser:fcpass@localhost:${rabbitmq.port}`;
    await fails(message, '--queue-url', plain);
  });

  it('a port of TLS that is spoken to without', async () => {
    const plain = `amqp://fcuser:fcpass@localhost:${rabbitmq.tlsPort}`;
    await fails(/speaks only TLS there: say amqps:\/\/ in --queue-url/, '--queue-url', plain);
  });

  it('a certificate of ours that the server does not know', async () => {
    const { cert, key } = await (await Authority.create(folder, 'stranger')).issue('client');
    const message = /does not accept the certificate of --queue-cert: .*unknown ca/;
    const files = ['--queue-ca', authority.ca, '--queue-cert', cert, '--queue-key', key];
    await fails(message, '--queue-url', url, ...files);
  });

  it('a wrong password', async () => {
    const wrong = url.replace('fcpass', 'wrong');
    const message = /refused the user "fcuser": check --queue-url;/;
    await fails(message, '--queue-url', wrong, '--queue-ca', authority.ca);
  });

  // what the broker answers is read from the socket, which is another one with TLS
  it('a vhost that is not there', async () => {
    const message = /the vhost "nowhere" does not exist: check --queue-url/;
    await fails(message, '--queue-url', `${url}/nowhere`, '--queue-ca', authority.ca);
  });

  it('files that are no use', async () => {
    const [text, encrypted] = [join(folder, 'text.pem'), join(folder, 'encrypted.key')];
    await writeFile(text, 'nothing');
    await encryptKey(ours.key, encrypted);
    const cases: [RegExp, string[]][] = [
      [/--queue-ca \/nowhere\.pem can't be read: no such file/, ['--queue-ca', '/nowhere.pem']],
      [/--queue-ca \S+ has no certificate in it: it must be PEM/, ['--queue-ca', text]],
      [/--queue-cert needs --queue-key/, ['--queue-cert', ours.cert]],
      [/--queue-key needs --queue-cert/, ['--queue-key', ours.key]],
      [/--queue-key \S+ has no private key in it/, pair(ours.cert, text)],
      [/--queue-key \S+ is encrypted: write it without .*openssl pkey/, pair(ours.cert, encrypted)],
      [/--queue-key \S+ is not the key of --queue-cert \S+: name/, pair(ours.cert, ordinary.key)],
    ];
    for (const [message, flags] of cases) await fails(message, '--queue-url', url, ...flags);
    const message = /--queue-ca, .* are for TLS: say amqps:\/\/ in --queue-url/;
    await fails(message, '--queue-url', url.replace('amqps', 'amqp'), '--queue-ca', authority.ca);
  });
});

describe('of several brokers', () => {
  beforeAll(async () => {
    await rabbitmq.use(await authority.issue('server', { hosts: 'DNS:localhost' }));
  });

  afterAll(async () => {
    await rabbitmq.use(ordinary);
  });

  const otherName = (): string => url.replace('localhost', '127.0.0.1');

  it('one whose certificate fails is passed over, and named, where another works', async () => {
    for (const urls of [`${otherName()},${url}`, `${url}/nowhere,${url}`]) {
      const flags = ['--queue-url', urls, '--queue-ca', authority.ca];
      const producer = start('producer', [...FILE, ...flags]);
      await producer.succeeds();
      expect(await taken()).toBe(1_000);
      await producer.logged(
        /(other names: |"nowhere" does not exist: ).*; another broker is used$/,
      );
      await start('consumer', ['dead', 'list', ...flags]).succeeds();
    }
  });

  it('the error names each where none works', async () => {
    const urls = `${otherName()},${url}/nowhere,amqps://localhost:1`;
    const message =
      /^error: RabbitMQ at 127\.0\.0\.1:\d+ has a certificate for other names: .*; RabbitMQ at localhost:\d+\/nowhere says .* does not exist: .*; RabbitMQ at localhost:1 \(--queue-url\) can't be reached: connection refused; 0 rows/;
    await fails(message, '--queue-url', urls, '--queue-ca', authority.ca);
  });

  it('what is wrong with all of them is said once', async () => {
    const urls = `${otherName()},${url}`;
    const message = /^error: --queue-ca \/nowhere\.pem can't be read: no such file; 0 rows/;
    await fails(message, '--queue-url', urls, '--queue-ca', '/nowhere.pem');
  });
});

it('files and password are read again at each connect, so that they may be replaced', async () => {
  const [ca, password] = [join(folder, 'current.pem'), join(folder, 'password')];
  await copyFile(authority.ca, ca);
  await writeFile(password, 'fcpass\n');
  const args = ['--file', '-', '--queue-url', url, '--queue-ca', ca, '--queue-pass-file', password];
  const producer = start('producer', args, {}, { stdin: 'pipe' });
  producer.stdin.write('Ada,ada@example.com\n');
  await until('the first row is there', async () => (await ready()) > 1);

  const next = await Authority.create(folder, 'next');
  await rabbitmq.use(await next.issue('server'));
  await rabbitmq.ctl('change_password', 'fcuser', 'p@:/% ß');
  await rabbitmq.ctl('close_all_connections', '--global', 'a test');
  producer.stdin.end('Bob,bob@example.com\n');
  await producer.logged(/certificate .* authority .*--queue-ca .*; trying again/);
  await copyFile(next.ca, ca);
  await writeFile(password, 'p@:/% ß\n');
  await producer.logged(/^connected to RabbitMQ at localhost:\d+ again/);
  await rabbitmq.ctl('change_password', 'fcuser', 'fcpass');
  await producer.succeeds();
  expect(await taken()).toBe(2);
  await rabbitmq.use(ordinary);
});

it('a server that wants a certificate gets it, or is named with what it wants', async () => {
  const strict = await OwnRabbitmq.start(ordinary, authority.ca, true);
  const flags = [
    '--queue-url',
    url.replace(/\d+$/, String(strict.tlsPort)),
    '--queue-ca',
    authority.ca,
  ];
  await fails(/wants a certificate: give --queue-cert and --queue-key/, ...flags);
  await start('producer', [...FILE, ...flags, ...pair(ours.cert, ours.key)]).succeeds();
  await strict.remove();
});

function pair(cert: string, key: string): string[] {
  return ['--queue-cert', cert, '--queue-key', key];
}
