import { describe, expect, it } from 'vitest';
import { FatalError } from '../../src/errors.ts';
import { queueConfig } from '../../src/options/queue-config.ts';

const DEFAULTS = {
  queueAddr: [{ host: '0.0.0.0', port: 5672, vhost: '/' }],
  queueUser: 'fcuser',
  queuePass: 'fcpass',
  queueName: 'csv2db',
  queueType: 'quorum',
} as const;

/** What flags and variables come to. */
async function configOf(flags: object, variables: object = {}) {
  const sourceOf = (name: string): string =>
    name in flags ? 'cli' : name in variables ? 'env' : 'default';
  const options = { ...DEFAULTS, queueAddr: [...DEFAULTS.queueAddr], ...variables, ...flags };
  const { addresses, user, password, tls, tuning, flags: by } = queueConfig(options, sourceOf);
  const [first] = addresses;
  return {
    address: `${first?.host}:${first?.port} ${first?.vhost}`,
    user,
    password: await password(),
    tls,
    tuning,
    by,
  };
}

describe('of the queue,', () => {
  it('what nobody says is as in the original', async () => {
    expect(await configOf({})).toMatchObject({
      address: '0.0.0.0:5672 /',
      user: 'fcuser',
      password: 'fcpass',
      tls: undefined,
      by: { address: '--queue-addr', login: '--queue-user and --queue-pass' },
    });
  });

  it('what a URL says counts, and what it leaves out is as it is without one', async () => {
    expect(await configOf({ queueUrl: 'amqp://ann:secret@host/team' })).toMatchObject({
      address: 'host:5672 team',
      user: 'ann',
      password: 'secret',
      by: { address: '--queue-url', login: '--queue-url' },
    });
    const { address, user, password } = await configOf({ queueUrl: 'amqps://host' });
    expect([address, user, password]).toEqual(['host:5671 /', 'fcuser', 'fcpass']);
  });

  it('a flag beats that part of a URL', async () => {
    const queueAddr = [{ host: 'other', port: 1, vhost: '/' }];
    const flags = { queueUrl: 'amqps://ann:secret@host', queueUser: 'bob', queueAddr };
    const { address, user, password, tls, by } = await configOf(flags);
    expect([address, user, password]).toEqual(['other:1 /', 'bob', 'secret']);
    expect(tls).toBeDefined();
    expect(by).toEqual({ address: '--queue-addr', login: '--queue-user and --queue-url' });
  });

  it('a variable beats that part of a URL in a variable, and not of one in a flag', async () => {
    const queueUrl = 'amqp://ann:secret@host';
    expect((await configOf({}, { queueUrl, queueUser: 'bob' })).user).toBe('bob');
    expect((await configOf({ queueUrl }, { queueUser: 'bob' })).user).toBe('ann');
    const queueAddr = [{ host: 'other', port: 1, vhost: '/' }];
    expect((await configOf({ queueUrl: 'amqp://h' }, { queueAddr })).address).toBe('h:5672 /');
    expect((await configOf({ queueUrl: 'amqp://h' }, { queuePass: 'p' })).password).toBe('p');
  });

  it('several URLs are of one cluster, and a comma may be in their password', async () => {
    const queueUrl = 'amqps://ann:a,b@one, amqps://ann:a,b@two:1/x,amqps://three';
    const sourceOf = (name: string): string => (name === 'queueUrl' ? 'cli' : 'default');
    const options = { ...DEFAULTS, queueAddr: [...DEFAULTS.queueAddr], queueUrl };
    const { addresses, password } = queueConfig(options, sourceOf);
    expect(addresses.map(({ host, port }) => `${host}:${port}`)).toEqual([
      'one:5671',
      'two:1',
      'three:5671',
    ]);
    expect(await password()).toBe('a,b');
    for (const other of ['amqp://h', 'amqps://bob@h', 'amqps://ann:c@h']) {
      const promise = configOf({ queueUrl: `amqps://ann:b@one,${other}` });
      await expect(promise).rejects.toThrow(/^the URLs of --queue-url differ in their/);
    }
  });

  it('parameters of a URL are those of RabbitMQ', async () => {
    const parameters = 'heartbeat=30&connection_timeout=5000&channel_max=64&frame_max=8192';
    const safe = 'verify=verify_peer&auth_mechanism=plain';
    const { tuning } = await configOf({ queueUrl: `amqps://a?${parameters}&${safe},amqps://b` });
    expect(tuning).toEqual({
      heartbeat: 30,
      connectTimeout: 5_000,
      channelMax: 64,
      frameMax: 8_192,
    });
  });

  it.each([
    ['heartbeat=0', /^--queue-url has heartbeat=0 in it\. It must be a whole number from 1 to/],
    ['verify=verify_none', /^--queue-url has verify=verify_none in it\. It must be verify_peer\.$/],
    ['auth_mechanism=external', /auth_mechanism=external in it\. It must be plain\.$/],
    ['frame_max=100', /frame_max=100 in it\. It must be a whole number from 4096 to/],
    ['cacertfile=', /^--queue-url has an empty parameter "cacertfile": fill it in, or leave/],
    ['hearbeat=1', /^--queue-url has a parameter "hearbeat": it may have .*heartbeat, /],
    ['heartbeat=1,amqp://b?heartbeat=2', /^the URLs of --queue-url differ in their heartbeat/],
  ])('a parameter %s is refused', async (parameter, message) => {
    await expect(configOf({ queueUrl: `amqp://a?${parameter}` })).rejects.toThrow(message);
  });

  it('a password and a file with one exclude each other, unless one is in a variable', async () => {
    const both = { queuePass: 'a', queuePassFile: '/nowhere' };
    const message = '--queue-pass and --queue-pass-file exclude each other: give one of them';
    await expect(configOf(both)).rejects.toThrow(new FatalError(message));
    await expect(configOf({}, both)).rejects.toThrow(new FatalError(message));
    const flag = { queuePass: 'a' };
    expect((await configOf(flag, { queuePassFile: '/nowhere' })).password).toBe('a');
    const file = configOf({ queuePassFile: '/nowhere' }, flag);
    await expect(file).rejects.toThrow("--queue-pass-file /nowhere can't be read: no such file");
  });
});
