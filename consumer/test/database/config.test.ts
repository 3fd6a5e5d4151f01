import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FatalError } from '@csv2db/libs/errors.ts';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { databaseConfig } from '../../src/database/config.ts';
import { connectionOptions } from '../../src/database/connect.ts';

const DEFAULTS = {
  dbHost: '0.0.0.0',
  dbPort: 5432,
  dbUser: 'fcuser',
  dbPass: 'fcpass',
  dbName: 'userdata',
  statementTimeout: 30_000,
};
const URL = 'postgres://ann:secret@db:1/sales';

let folder: string;
let pgpass: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
  pgpass = join(folder, 'pgpass');
  await writeFile(pgpass, String.raw`db:*:*:ann:a\:b\\c` + '\n');
  await chmod(pgpass, 0o600);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

afterEach(() => {
  vi.unstubAllEnvs();
});

/** What flags, variables, and those of libpq come to. */
async function configOf(flags: object, variables: object = {}, foreign: object = {}) {
  for (const [name, value] of Object.entries(foreign)) vi.stubEnv(name, String(value));
  const sourceOf = (name: string): string =>
    name in flags ? 'cli' : name in variables ? 'env' : 'default';
  const config = databaseConfig({ ...DEFAULTS, ...variables, ...flags }, sourceOf);
  const { host, port, user, name } = config;
  const place = `${user}@${host}:${port}/${name}`;
  return { place, password: await config.password(), check: config.tls?.check, ...config.flags };
}

describe('of the database,', () => {
  it('what nobody says is as in the original', async () => {
    expect(await configOf({}, {}, { PGPASSFILE: '/nowhere' })).toEqual({
      place: 'fcuser@0.0.0.0:5432/userdata',
      address: '--db-host, --db-port',
      password: 'fcpass',
      check: undefined,
      login: '--db-user and --db-pass (or ~/.pgpass)',
      name: '--db-name',
      again: '',
    });
  });

  it('a flag counts more than a variable, and either more than that part of a URL', async () => {
    const { place } = await configOf({ dbHost: 'a', dbUrl: URL }, { dbHost: 'b', dbPort: 2 });
    expect(place).toBe('ann@a:1/sales');
    expect((await configOf({}, { dbUrl: URL, dbPort: 2 })).place).toBe('ann@db:2/sales');
    expect((await configOf({ dbUrl: URL }, { dbPass: 'x' })).password).toBe('secret');
  });

  it('variables of libpq count where neither flag, variable nor URL says it', async () => {
    const foreign = { PGHOST: 'h', PGPORT: '3', PGUSER: 'u', PGDATABASE: 'd', PGPASSWORD: 'p' };
    const { place, password, login } = await configOf({}, {}, foreign);
    expect([place, password, login]).toEqual(['u@h:3/d', 'p', 'PGUSER and PGPASSWORD']);
    const { place: mixed } = await configOf({ dbUrl: 'postgres://db' }, { dbUser: 'bob' }, foreign);
    expect(mixed).toBe('bob@db:3/d');
    expect((await configOf({ dbUrl: URL }, {}, foreign)).password).toBe('secret');
  });

  it('the password of ~/.pgpass counts more than the default alone', async () => {
    const foreign = { PGPASSFILE: pgpass };
    expect((await configOf({ dbUrl: 'postgres://ann@db' }, {}, foreign)).password).toBe('a:b\\c');
    expect((await configOf({ dbUrl: 'postgres://bob@db' }, {}, foreign)).password).toBe('fcpass');
    expect((await configOf({ dbUrl: URL }, {}, foreign)).password).toBe('secret');
  });

  it.each<[string, object, string | undefined]>([
    ['no mode and no file', {}, undefined],
    ['disable', { dbSslmode: 'disable', dbCa: '/ca' }, undefined],
    ['require', { dbSslmode: 'require' }, 'nothing'],
    ['require with an authority', { dbSslmode: 'require', dbCa: '/ca' }, 'authority'],
    ['verify-ca', { dbSslmode: 'verify-ca', dbCa: '/ca' }, 'authority'],
    ['verify-full', { dbSslmode: 'verify-full' }, 'authority and host name'],
    ['a file alone', { dbCa: '/ca' }, 'authority and host name'],
    ['the mode of a URL', { dbUrl: `${URL}?sslmode=require` }, 'nothing'],
    ['the authority of a URL', { dbUrl: `${URL}?sslrootcert=/ca` }, 'authority and host name'],
    ['a flag beside a URL', { dbSslmode: 'disable', dbUrl: `${URL}?sslmode=require` }, undefined],
    ['a Unix socket', { dbUrl: 'postgres://%2Frun%2Fpg/d?sslmode=require' }, undefined],
    ['a socket as a parameter', { dbUrl: 'postgres:///d?host=/run/pg', dbCa: '/ca' }, undefined],
  ])('TLS of %s checks as in libpq', async (_, flags, check) => {
    expect((await configOf(flags)).check).toBe(check);
  });

  it.each<[string, object, object, RegExp]>([
    ['a port', {}, { PGPORT: '99999' }, /^PGPORT has "99999" in it\. It must be a whole number/],
    ['a name', { dbUrl: 'postgres://h/a%20' }, {}, /^--db-url has "a " in it\. It must not have/],
    ['a mode', {}, { PGSSLMODE: 'allow' }, /^PGSSLMODE has "allow" in it\. It must be disable, /],
    [
      'a parameter',
      { dbUrl: `${URL}?aplication_name=x` },
      {},
      /^--db-url has a parameter "aplication_name": it may have host, sslmode, .*application_name/,
    ],
    [
      'an empty one',
      { dbUrl: `${URL}?sslrootcert=` },
      {},
      /^--db-url has an empty parameter "sslrootcert": fill it in, or leave it out$/,
    ],
    [
      'a binding that pg does not insist on',
      { dbUrl: `${URL}?channel_binding=require&sslmode=require` },
      {},
      /^--db-url has channel_binding=require in it\. pg does not insist on it: say channel_binding=prefer and sslmode=verify-full/,
    ],
    [
      'a server that only reads',
      { dbUrl: `${URL}?target_session_attrs=standby` },
      {},
      /^--db-url has target_session_attrs=standby in it\. It must be any or read-write or primary/,
    ],
    [
      'a time',
      { dbUrl: `${URL}?connect_timeout=5s` },
      {},
      /^--db-url has connect_timeout=5s in it\. It must be a whole number/,
    ],
    [
      'direct TLS without TLS',
      { dbUrl: `${URL}?sslnegotiation=direct` },
      {},
      /^--db-url has sslnegotiation=direct in it, which needs an sslmode$/,
    ],
    ['two hosts', { dbUrl: 'postgres://ann:secret@a:1,b:2/d' }, {}, /^--db-url must be like /],
    ['a lone key', { dbKey: '/key' }, {}, /^--db-key needs --db-cert/],
  ])(
    '%s that is not valid is named with what it comes from',
    async (_, flags, foreign, message) => {
      await expect(configOf(flags, {}, foreign)).rejects.toThrow(message);
      await expect(configOf(flags, {}, foreign)).rejects.not.toThrow(/secret/);
    },
  );

  it('parameters of a URL are those of pg', () => {
    const parameters = [
      'application_name=night%20job&options=-c%20lock_timeout%3D1s&connect_timeout=3',
      'channel_binding=prefer&sslnegotiation=direct&sslmode=require&target_session_attrs=any',
    ];
    const options = { ...DEFAULTS, dbUrl: `${URL}?${parameters.join('&')}` };
    const config = databaseConfig(options, (name) => (name === 'dbUrl' ? 'cli' : 'default'));
    expect(connectionOptions(config)).toMatchObject({
      application_name: 'night job',
      options: '-c lock_timeout=1s',
      connectionTimeoutMillis: 3_000,
      enableChannelBinding: true,
      sslnegotiation: 'direct',
    });
  });

  it('who names a file wants TLS, whatever a weaker word says', async () => {
    const disabled = { PGSSLMODE: 'disable' };
    expect((await configOf({ dbCa: '/ca' }, {}, disabled)).check).toBe('authority and host name');
    expect((await configOf({ dbSslmode: 'disable' }, { dbCa: '/ca' })).check).toBeUndefined();
  });

  it.each([
    ['--db-host', { dbHost: URL }],
    ['--db-name', { dbName: URL }],
    ['--db-host', { dbHost: 'ann:secret@db' }],
  ])('a URL in %s is refused, and not repeated', async (flag, flags) => {
    await expect(configOf(flags)).rejects.toThrow(
      new FatalError(`${flag} has a URL in it: say it in --db-url`),
    );
  });

  it('what is overruled need not be valid', async () => {
    const { check } = await configOf({ dbSslmode: 'require' }, {}, { PGSSLMODE: 'prefer' });
    expect(check).toBe('nothing');
  });
});
