import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { integer, text } from '@csv2db/libs/options/values.ts';
import { SSL_MODES, type SslMode } from './tls.ts';
import { databaseName } from './values.ts';

/** The flags about the database. */
export const databaseOptions = {
  url: new Option('--db-url <url>', 'postgres://user:password@host:port/database?sslmode=…').env(
    'FC_CONSUMER_DB_URL',
  ),
  host: new Option('--db-host <string>', 'database host')
    .env('FC_CONSUMER_DB_HOST')
    .default('0.0.0.0')
    .argParser(text),
  port: new Option('--db-port <int>', 'database port')
    .env('FC_CONSUMER_DB_PORT')
    .default(5432)
    .argParser(integer(1, 65_535)),
  user: new Option('--db-user <string>', 'database user')
    .env('FC_CONSUMER_DB_USER')
    .default('fcuser')
    .argParser(databaseName),
  pass: new Option('--db-pass <string>', 'database password')
    .env('FC_CONSUMER_DB_PASS')
    .default('fcpass'),
  passFile: new Option('--db-pass-file <path>', 'file with that password, read at each connect')
    .env('FC_CONSUMER_DB_PASS_FILE')
    .argParser(text),
  name: new Option('--db-name <string>', 'name of the database')
    .env('FC_CONSUMER_DB_NAME')
    .default('userdata')
    .argParser(databaseName),
  sslmode: new Option('--db-sslmode <mode>', `TLS, as in libpq: ${SSL_MODES.join(', ')}`)
    .env('FC_CONSUMER_DB_SSLMODE')
    .argParser(sslMode),
  ca: new Option('--db-ca <path>', "authorities of the server's certificate (PEM)")
    .env('FC_CONSUMER_DB_CA')
    .argParser(text),
  cert: new Option('--db-cert <path>', 'certificate to show to the server (PEM)')
    .env('FC_CONSUMER_DB_CERT')
    .argParser(text),
  key: new Option('--db-key <path>', 'private key of that certificate (PEM)')
    .env('FC_CONSUMER_DB_KEY')
    .argParser(text),
};

/** The values of these flags. */
export interface DatabaseOptions {
  dbUrl?: string | undefined;
  dbHost: string;
  dbPort: number;
  dbUser: string;
  dbPass: string;
  dbPassFile?: string | undefined;
  dbName: string;
  dbSslmode?: SslMode | undefined;
  dbCa?: string | undefined;
  dbCert?: string | undefined;
  dbKey?: string | undefined;
  table?: string | undefined;
  statementTimeout: number;
}

/** A mode of TLS. */
export function sslMode(value: string): SslMode {
  // pg's own word, for a mode that checks no certificate
  const mode = SSL_MODES.find((name) => name === value.replace(/^no-verify$/, 'require'));
  if (mode) return mode;
  throw new InvalidArgumentError(
    `It must be ${SSL_MODES.join(', ')}; with prefer or allow, whoever is in between may turn TLS off.`,
  );
}
