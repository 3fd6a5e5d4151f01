import type { ConnectionOptions } from 'node:tls';
import { FatalError } from '@csv2db/libs/errors.ts';
import { checkPair, hasFiles, secureContextOf, type TlsFiles } from '@csv2db/libs/tls/files.ts';

/** Modes of libpq: https://www.postgresql.org/docs/current/libpq-ssl.html */
export const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** What in a server's certificate is checked. */
type Check = 'nothing' | 'authority' | 'authority and host name';

export interface DatabaseTls {
  check: Check;
  files: TlsFiles;
}

/** The name by which libpq calls the authorities that every system knows. */
const SYSTEM = 'system';

/**
 * What TLS there is to be; undefined where there is none. Where no mode is given, files ask for the
 * strictest.
 *
 * @throws FatalError when the files do not go with the mode.
 */
export function tlsOf(given: SslMode | undefined, files: TlsFiles): DatabaseTls | undefined {
  checkPair(files);
  const mode = given ?? (hasFiles(files) ? 'verify-full' : 'disable');
  if (mode === 'disable') return undefined;
  const isSystem = files.ca === SYSTEM;
  if (isSystem && mode !== 'verify-full') {
    throw new FatalError(
      `--db-ca ${SYSTEM} needs the sslmode verify-full: anybody gets a certificate of such an authority`,
    );
  }
  if (mode === 'verify-ca' && files.ca === undefined) {
    throw new FatalError('the sslmode verify-ca needs --db-ca, the file of the authority');
  }
  return { check: checkOf(mode, files), files: { ...files, ca: isSystem ? undefined : files.ca } };
}

function checkOf(mode: SslMode, { ca }: TlsFiles): Check {
  if (mode === 'verify-full') return 'authority and host name';
  // as in libpq, where "require" with an authority is "verify-ca"
  return ca === undefined ? 'nothing' : 'authority';
}

/**
 * The option `ssl` of pg, with what the files hold now. pg has other meanings of the modes of a
 * connection string, and reads files once.
 *
 * @throws FatalError when a file can't be read or is not what it has to be.
 */
export function sslOption(tls: DatabaseTls | undefined): ConnectionOptions | false {
  if (!tls) return false;
  const ssl: ConnectionOptions = {
    secureContext: secureContextOf(tls.files),
    // said aloud, as NODE_TLS_REJECT_UNAUTHORIZED turns it off otherwise
    rejectUnauthorized: tls.check !== 'nothing',
  };
  if (tls.check === 'authority') ssl.checkServerIdentity = () => undefined;
  return ssl;
}
