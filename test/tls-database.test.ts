import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Authority, type Certificate, encryptKey } from './certificates.ts';
import { start } from './processes.ts';
import { Sandbox } from './sandbox.ts';
import { openFolder, OwnPostgres } from './servers.ts';

const PASSWORD = 'p@ss: /%#ß';
/** Roles, and how the server lets them in. */
const HBA = [
  'hostnossl all tls_only all reject',
  'hostssl all with_cert all scram-sha-256 clientcert=verify-full',
  'hostssl all cert_only all cert',
];

let folder: string;
let authority: Authority;
let ordinary: Certificate;
let postgres: OwnPostgres;

beforeAll(async () => {
  folder = await openFolder();
  authority = await Authority.create(folder);
  ordinary = await authority.issue('server');
  postgres = await OwnPostgres.start();
  for (const role of ['tls_only', 'with_cert', 'cert_only']) {
    await postgres.sql(`CREATE ROLE ${role} LOGIN CREATEDB PASSWORD '${PASSWORD}'`);
    await postgres.sql(`GRANT CREATE ON SCHEMA public TO ${role}`);
  }
  await postgres.letIn(...HBA);
});

afterAll(async () => {
  await postgres.remove();
  await rm(folder, { recursive: true });
});

function urlOf(role: string, query: string, host = 'localhost'): string {
  const login = `${role}:${encodeURIComponent(PASSWORD)}`;
  return `postgres://${login}@${host}:${postgres.url.port}/db_of_${role}${query}`;
}

/** Runs a command that does nothing but connect, and create what is missing. */
function connect(url: string, flags: string[] = [], env: Record<string, string> = {}) {
  return start('consumer', ['migrate', '--db-url', url, ...flags], env);
}

async function fails(message: RegExp, url: string, ...flags: string[]): Promise<void> {
  const consumer = connect(url, flags);
  expect(await consumer.exit, consumer.output).toBe(1);
  expect(consumer.stderr).toMatch(/^error: [^\n]+\n$/);
  expect(consumer.stderr).toMatch(message);
  for (const form of [PASSWORD, encodeURIComponent(PASSWORD)]) {
    expect(consumer.output).not.toContain(form);
  }
}

it('a server without TLS is refused where that is asked for', async () => {
  const message =
    /^error: PostgreSQL at localhost:\d+ takes no TLS: set "ssl = on" .* --db-sslmode disable/;
  await fails(message, urlOf('tls_only', '?sslmode=require'));
});

describe('over TLS,', () => {
  beforeAll(async () => {
    await postgres.useTls(ordinary, authority.ca);
  });

  it.each([
    ['require checks no certificate', '?sslmode=require', []],
    ['a channel is bound where that is preferred', '?sslmode=require&channel_binding=prefer', []],
    ['disable is overruled by a flag', '?sslmode=disable', ['--db-sslmode', 'require']],
  ])('%s', async (_, query, flags) => {
    await connect(urlOf('tls_only', query), flags).succeeds();
  });

  it('a connection that is plain is refused, with what to do', async () => {
    const message = /refused the user "tls_only", who came without TLS: .*--db-sslmode verify-full/;
    await fails(message, urlOf('tls_only', ''));
    await fails(message, urlOf('tls_only', '?sslmode=disable'));
  });

  it('verify-full, verify-ca and require with an authority take its certificates', async () => {
    for (const mode of ['verify-full', 'verify-ca', 'require']) {
      const query = `?sslmode=${mode}&sslrootcert=${authority.ca}`;
      await connect(urlOf('tls_only', query)).succeeds();
    }
  });

  it('a file of an authority alone asks for verify-full', async () => {
    await connect(urlOf('tls_only', ''), ['--db-ca', authority.ca]).succeeds();
    await fails(
      /an authority that is not known/,
      urlOf('tls_only', ''),
      '--db-ca',
      await strangerCa(),
    );
  });

  it('the variables of libpq say what flags and URL leave open', async () => {
    const env = { PGSSLMODE: 'verify-full', PGSSLROOTCERT: authority.ca };
    await connect(urlOf('tls_only', ''), [], env).succeeds();
  });

  it('an authority that is not known is refused by all but require alone', async () => {
    const ca = await strangerCa();
    const message = /has a certificate of an authority that is not known: name .* with --db-ca \(/;
    for (const mode of ['verify-full', 'verify-ca', 'require']) {
      await fails(message, urlOf('tls_only', `?sslmode=${mode}&sslrootcert=${ca}`));
    }
    await fails(message, urlOf('tls_only', '?sslmode=verify-full'));
  });

  it('modes that do not go with what is known are refused', async () => {
    await fails(/verify-ca needs --db-ca/, urlOf('tls_only', '?sslmode=verify-ca'));
    const weak = urlOf('tls_only', '?sslmode=require&sslrootcert=system');
    await fails(/--db-ca system needs the sslmode verify-full/, weak);
    const prefer = urlOf('tls_only', '?sslmode=prefer');
    await fails(/--db-url has "prefer" in it\. It must be disable, .* turn TLS off/, prefer);
  });

  it('a certificate that has expired is refused where one is checked', async () => {
    await postgres.useTls(await authority.issue('server', { days: 0 }), authority.ca);
    const files = `&sslrootcert=${authority.ca}`;
    await fails(/that has expired: renew it/, urlOf('tls_only', `?sslmode=verify-ca${files}`));
    await connect(urlOf('tls_only', '?sslmode=require')).succeeds();
  });

  it('a certificate for another host is refused by verify-full alone', async () => {
    await postgres.useTls(
      await authority.issue('server', { hosts: 'DNS:db.example' }),
      authority.ca,
    );
    const files = `&sslrootcert=${authority.ca}`;
    const message = /has a certificate for other names: connect to .*DNS:db\.example/;
    await fails(message, urlOf('tls_only', `?sslmode=verify-full${files}`));
    await fails(/for other names/, urlOf('tls_only', `?sslmode=verify-full${files}`, '127.0.0.1'));
    await connect(urlOf('tls_only', `?sslmode=verify-ca${files}`)).succeeds();
  });

  it('a certificate that is self-signed is refused, unless its file is named', async () => {
    const own = await (await Authority.create(folder, 'localhost')).selfSigned();
    await postgres.useTls(own, authority.ca);
    const message = /has a certificate that is self-signed: .* with --db-ca/;
    await fails(message, urlOf('tls_only', '?sslmode=verify-full'));
    await connect(urlOf('tls_only', `?sslmode=verify-full&sslrootcert=${own.cert}`)).succeeds();
  });

  describe('a server that wants a certificate of the user', () => {
    beforeAll(async () => {
      await postgres.useTls(ordinary, authority.ca);
    });

    it('gets it', async () => {
      for (const role of ['with_cert', 'cert_only']) {
        const { cert, key } = await authority.issue(role);
        const files = `?sslrootcert=${authority.ca}&sslcert=${cert}&sslkey=${key}`;
        await connect(urlOf(role, files)).succeeds();
      }
    });

    it('is named with what it wants', async () => {
      const url = urlOf('with_cert', '?sslmode=require');
      await fails(/wants a certificate of the user "with_cert": give --db-cert and --db-key/, url);
      const { cert, key } = await (await Authority.create(folder, 'stranger')).issue('with_cert');
      const message = /does not accept the certificate of --db-cert: .*unknown ca/;
      await fails(message, url, '--db-cert', cert, '--db-key', key);
    });

    it('takes none that is of another user', async () => {
      const { cert, key } = await authority.issue('somebody');
      const files = ['--db-cert', cert, '--db-key', key];
      const message =
        /refused the user "cert_only": the certificate of --db-cert must be of that name/;
      await fails(message, urlOf('cert_only', '?sslmode=require'), ...files);
    });
  });

  it('files that are no use are named', async () => {
    const { cert, key } = ordinary;
    const [text, encrypted] = [join(folder, 'text.pem'), join(folder, 'encrypted.key')];
    await writeFile(text, 'nothing');
    await encryptKey(key, encrypted);
    const other = await authority.issue('other');
    const cases: [RegExp, string[]][] = [
      [/--db-ca \/nowhere\.pem can't be read: no such file/, ['--db-ca', '/nowhere.pem']],
      [/--db-ca \S+ has no certificate in it: it must be PEM/, ['--db-ca', text]],
      [/--db-cert needs --db-key/, ['--db-cert', cert]],
      [/--db-key \S+ is encrypted/, ['--db-cert', cert, '--db-key', encrypted]],
      [/--db-key \S+ is not the key of --db-cert/, ['--db-cert', cert, '--db-key', other.key]],
    ];
    const url = urlOf('tls_only', '?sslmode=require');
    for (const [message, flags] of cases) await fails(message, url, ...flags);
    const consumer = start('consumer', ['--db-url', url, '--db-pass-file', '/nowhere']);
    expect(await consumer.exit, consumer.output).toBe(1);
    expect(consumer.stderr).toBe("error: --db-pass-file /nowhere can't be read: no such file\n");
  });
});

it('files and password are read again at each connect, so that they may be replaced', async () => {
  await postgres.useTls(ordinary, authority.ca);
  const sandbox = await Sandbox.create();
  const [ca, password] = [join(folder, 'current.pem'), join(folder, 'password')];
  await copyFile(authority.ca, ca);
  await writeFile(password, PASSWORD);
  const url = urlOf('tls_only', '').replace(/:[^:@]+@/, '@');
  const flags = ['--db-url', url, '--db-ca', ca, '--db-pass-file', password];
  // only what the URL says is to count
  const env = Object.fromEntries(
    Object.keys(sandbox.env).flatMap((name) => (/_DB_/.test(name) ? [[name, '']] : [])),
  );
  await sandbox.start('consumer', ['migrate', ...flags], env).succeeds();
  const consumer = sandbox.start('consumer', flags, env);
  await consumer.logged(/^consuming the queue/);

  const next = await Authority.create(folder, 'next');
  await postgres.useTls(await next.issue('server'), authority.ca);
  await postgres.sql("ALTER ROLE tls_only PASSWORD 'another ß'");
  const end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tls_only'";
  await postgres.sql(end);
  await sandbox.send('{"name":"Ada","email":"ada@example.com"}');
  await consumer.logged(/certificate .* authority .*--db-ca .*until it works/);
  await copyFile(next.ca, ca);
  await consumer.logged(/refused the user "tls_only": check --db-url and --db-pass-file/);
  await rm(password);
  await consumer.logged(/^--db-pass-file \S+ can't be read: no such file; storing pauses/);
  await writeFile(password, 'another ß\n');
  await consumer.logged(/^PostgreSQL works again/);
  consumer.kill('SIGTERM');
  await consumer.succeeds();
  expect(consumer.log.at(-1)?.['msg']).toMatch(/^stopped: 1 /);
  await sandbox.destroy();
});

async function strangerCa(): Promise<string> {
  return (await Authority.create(folder, 'stranger')).ca;
}
