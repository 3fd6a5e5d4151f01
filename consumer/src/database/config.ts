import { FatalError, messageOf } from '@csv2db/libs/errors.ts';
import {
  flagsOf,
  type Given,
  givenBy,
  ownPassword,
  partOf,
  RANK,
  type SourceOf,
  strongest,
} from '@csv2db/libs/options/precedence.ts';
import { parseServerUrl, type ServerUrl, type UrlKind } from '@csv2db/libs/options/server-url.ts';
import { integer } from '@csv2db/libs/options/values.ts';
import type { TlsFiles } from '@csv2db/libs/tls/files.ts';
import type { DatabaseConfig } from './address.ts';
import { againOf } from './again.ts';
import { type DatabaseOptions, sslMode } from './options.ts';
import { PG_PARAMETERS, pgParameters } from './parameters.ts';
import { passwordInPgpass } from './pgpass.ts';
import { tlsOf } from './tls.ts';
import { databaseName } from './values.ts';

/** https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS */
const URL_KIND: UrlKind = {
  flag: '--db-url',
  schemes: ['postgres', 'postgresql'],
  example: 'postgres://user:password@host:5432/database?sslmode=verify-full',
  parameters: ['host', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey', ...PG_PARAMETERS],
};

/**
 * The flags about the database, as one configuration. What they leave open, and the URL, is looked
 * for in the variables of libpq and in its file of passwords.
 *
 * @throws FatalError when they do not go together, or the URL is none of a database.
 */
export function databaseConfig(options: DatabaseOptions, sourceOf: SourceOf): DatabaseConfig {
  const given = givenBy(options, sourceOf);
  const url = partOf(given('dbUrl'), (text) => parseServerUrl(text, URL_KIND));
  const inUrl = <Name extends keyof ServerUrl>(name: Name) => partOf(url, (parts) => parts[name]);
  const parameter = (name: string) => partOf(inUrl('parameters'), (all) => all.get(name));

  const host = strongest(given('dbHost'), inUrl('host'), parameter('host'), pgVariable('PGHOST'));
  const port = strongest(given('dbPort'), inUrl('port'), partOf(pgVariable('PGPORT'), Number));
  const user = strongest(given('dbUser'), inUrl('user'), pgVariable('PGUSER'));
  const name = strongest(given('dbName'), inUrl('path'), pgVariable('PGDATABASE'));
  for (const part of [host, name]) refuseUrl(part);
  const login = {
    host: host.value,
    port: checked(port.flag, String(port.value), integer(1, 65_535)),
    user: checked(user.flag, user.value, databaseName),
    database: checked(name.flag, name.value, databaseName),
  };
  const password = strongest(
    ownPassword(given('dbPass'), given('dbPassFile')),
    partOf(inUrl('password'), (text) => () => text),
    partOf(pgVariable('PGPASSWORD'), (text) => () => text),
    {
      value: passwordInPgpass(login, options.dbPass),
      flag: '--db-pass (or ~/.pgpass)',
      rank: RANK.foreignFile,
    },
  );
  const said = strongest(given('dbSslmode'), parameter('sslmode'), pgVariable('PGSSLMODE'));
  const mode = partOf(said, (text) => checked(said.flag, text, sslMode));
  const ca = strongest(given('dbCa'), parameter('sslrootcert'), pgVariable('PGSSLROOTCERT'));
  const cert = strongest(given('dbCert'), parameter('sslcert'), pgVariable('PGSSLCERT'));
  const key = strongest(given('dbKey'), parameter('sslkey'), pgVariable('PGSSLKEY'));
  const files: TlsFiles = { prefix: '--db', ca: ca.value, cert: cert.value, key: key.value };
  // who names a file wants TLS, whatever weaker words say
  const isOverruled = [ca, cert, key].some(
    ({ value, rank }) => value !== undefined && rank > said.rank,
  );
  const { database, ...address } = login;
  // as in libpq, a Unix socket is plain
  const tls = host.value.startsWith('/')
    ? undefined
    : tlsOf(isOverruled && mode.value === 'disable' ? undefined : mode.value, files);
  const parameters = url.value && pgParameters(url.value, url.flag);
  if (parameters?.sslnegotiation === 'direct' && !tls) {
    throw new FatalError(`${url.flag} has sslnegotiation=direct in it, which needs an sslmode`);
  }
  return {
    ...address,
    name: database,
    password: password.value,
    tls,
    parameters,
    table: options.table,
    statementTimeout: options.statementTimeout,
    flags: {
      address: host.flag === '--db-host' ? '--db-host, --db-port' : host.flag,
      login: flagsOf(user, password),
      name: name.flag,
      again: againOf([
        ...[given('dbUrl'), given('dbHost'), given('dbPort'), given('dbUser')],
        ...[given('dbPassFile'), given('dbName'), given('dbSslmode')],
        ...[given('dbCa'), given('dbCert'), given('dbKey')],
      ]),
    },
  };
}

/** Refuses what may have a password in it, which no message would leave out. */
function refuseUrl({ value, flag }: Given<string>): void {
  if (/:\/\/|@/.test(value)) throw new FatalError(`${flag} has a URL in it: say it in --db-url`);
}

/** A variable of libpq: https://www.postgresql.org/docs/current/libpq-envars.html */
function pgVariable(name: string): Given<string | undefined> {
  return { value: process.env[name] || undefined, flag: name, rank: RANK.foreignVariable };
}

/** A value that commander may not have looked at. @throws FatalError when it is not valid. */
function checked<T>(flag: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    throw new FatalError(`${flag} has "${text}" in it. ${messageOf(error)}`, { cause: error });
  }
}
