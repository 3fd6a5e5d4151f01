import { codeOf, messageOf } from '../errors.ts';
import type { TlsFiles } from './files.ts';

/** What went wrong, by the code of the error; `PREFIX` is what the flags begin with. */
const PROBLEMS: readonly [code: RegExp, problem: string][] = [
  [
    /ALTNAME_INVALID$/,
    'has a certificate for other names: connect to a name that is in it, or have it made for this one',
  ],
  [
    /^CERT_HAS_EXPIRED$/,
    "has a certificate that has expired: renew it, or set this machine's clock",
  ],
  [/^CERT_NOT_YET_VALID$/, "has a certificate that is not valid yet: set this machine's clock"],
  [
    /^DEPTH_ZERO_SELF_SIGNED_CERT$/,
    'has a certificate that is self-signed: if it is yours, name its file with PREFIX-ca',
  ],
  [
    /^(SELF_SIGNED_CERT_IN_CHAIN$|UNABLE_TO_)/,
    'has a certificate of an authority that is not known: name the file of that authority with PREFIX-ca',
  ],
  [/ALERT_CERTIFICATE_REQUIRED$/, 'wants a certificate: give PREFIX-cert and PREFIX-key'],
  [
    // all that TLS 1.2 tells
    /ALERT_HANDSHAKE_FAILURE$/,
    'broke off the handshake: it may want a certificate that it knows (PREFIX-cert, PREFIX-key), or other ciphers',
  ],
  [
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|ACCESS_DENIED|DECRYPT_ERROR)$/,
    'does not accept the certificate of PREFIX-cert: it must be valid, and of an authority that the server knows',
  ],
  [
    /PROTOCOL_VERSION$|UNSUPPORTED_PROTOCOL$/,
    'speaks no version of TLS that this program does: it must know TLS 1.2',
  ],
  [/^ERR_SSL_/, 'does not come to terms over TLS: its log says more'],
];

/** An error of OpenSSL about what is no TLS at all. */
const NO_TLS = /WRONG_VERSION_NUMBER$|PACKET_LENGTH_TOO_LONG$/;

/**
 * Why TLS with a server failed, and what to do about it, in words that go behind the server's name;
 * undefined when that was not why.
 */
export function tlsProblem(error: unknown, { prefix }: TlsFiles): string | undefined {
  const code = codeOf(error) ?? '';
  if (NO_TLS.test(code)) return undefined;
  const found = PROBLEMS.find(([pattern]) => pattern.test(code));
  if (!found) return undefined;
  return `${found[1].replaceAll('PREFIX', prefix)} (${wordsOfTls(error)})`;
}

/** Whether what answered does not speak TLS. */
export function speaksNoTls(error: unknown): boolean {
  return NO_TLS.test(codeOf(error) ?? '');
}

/** The words of OpenSSL or Node.js, without the numbers. */
function wordsOfTls(error: unknown): string {
  const hasReason = typeof error === 'object' && error !== null && 'reason' in error;
  const text = hasReason && typeof error.reason === 'string' ? error.reason : messageOf(error);
  return text.replaceAll(/\s+/g, ' ').trim();
}
