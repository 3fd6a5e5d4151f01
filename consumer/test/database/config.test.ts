import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FatalError } from '@csv2db/libs/errors.ts';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { databaseConfig } from '../../src/database/config.ts';

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
    ['a parameter', { dbUrl: `${URL}?options=x` }, {}, /^--db-url has a parameter "options"/],
    ['two hosts', { dbUrl: 'postgres://ann:secret@a:1,b:2/d' }, {}, /^--db-url must be like /],
    ['a lone key', { dbKey: '/key' }, {}, /^--db-key needs --db-cert/],
  ])(
    '%s that is not valid is named with what it comes from',
    async (_, flags, foreign, message) => {
      await expect(configOf(flags, {}, foreign)).rejects.toThrow(message);
      await expect(configOf(flags, {}, foreign)).rejects.not.toThrow(/secret/);
    },
  );

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
