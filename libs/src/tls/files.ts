import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { FatalError } from '../errors.ts';
import { readNamed } from '../files.ts';

/** The files that TLS with a server takes, all in PEM. */
export interface TlsFiles {
  /** What their flags begin with. */
  prefix: '--queue' | '--db';
  /** Authorities that the server's certificate may come from; by default those that Node.js knows. */
  ca: string | undefined;
  /** A certificate to show to the server, and those between it and its authority. */
  cert: string | undefined;
  key: string | undefined;
}

/** Whether any file is named. */
export function hasFiles({ ca, cert, key }: TlsFiles): boolean {
  return [ca, cert, key].some((path) => path !== undefined);
}

/** @throws FatalError when only one is named of the two that go together. */
export function checkPair({ prefix, cert, key }: TlsFiles): void {
  if ((cert === undefined) === (key === undefined)) return;
  const [given, missing] = cert === undefined ? ['key', 'cert'] : ['cert', 'key'];
  throw new FatalError(`${prefix}-${given} needs ${prefix}-${missing}, the file that goes with it`);
}

/**
 * What the files hold now, for `tls.connect`. They are read at each connect, so that they may be
 * replaced.
 *
 * @throws FatalError when one can't be read or is not what it has to be.
 */
export function secureContextOf({ prefix, ...paths }: TlsFiles): SecureContext {
  const ca = paths.ca === undefined ? undefined : readNamed(`${prefix}-ca`, paths.ca);
  // without a certificate in it, Node.js would trust nobody, and not say why
  if (ca && paths.ca !== undefined) certificateIn(ca, `${prefix}-ca`, paths.ca);
  if (paths.cert === undefined || paths.key === undefined) return createSecureContext({ ca });
  const cert = readNamed(`${prefix}-cert`, paths.cert);
  const certificate = certificateIn(cert, `${prefix}-cert`, paths.cert);
  const key = readNamed(`${prefix}-key`, paths.key);
  if (!certificate.checkPrivateKey(privateKeyIn(key, `${prefix}-key`, paths.key))) {
    throw new FatalError(
      `${prefix}-key ${paths.key} is not the key of ${prefix}-cert ${paths.cert}: name the two that belong together`,
    );
  }
  return createSecureContext({ ca, cert, key });
}

/** The first certificate in a file. */
function certificateIn(pem: Buffer, flag: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new FatalError(`${flag} ${path} has no certificate in it: it must be PEM`, {
      cause: error,
    });
  }
}

function privateKeyIn(pem: Buffer, flag: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const cause = { cause: error };
    if (pem.includes('ENCRYPTED')) {
      throw new FatalError(
        `${flag} ${path} is encrypted: write it without a passphrase with "openssl pkey"`,
        cause,
      );
    }
    throw new FatalError(`${flag} ${path} has no private key in it: it must be PEM`, cause);
  }
}
