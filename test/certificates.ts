import { execFile } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The files of a certificate. */
export interface Certificate {
  cert: string;
  key: string;
}

/** An authority that a test makes with openssl, and the certificates that it gives. */
export class Authority {
  /** The file of its own certificate. */
  readonly ca: string;
  readonly #folder: string;
  readonly #name: string;

  private constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
    this.ca = join(folder, `${name}.pem`);
  }

  static async create(folder: string, name = 'authority'): Promise<Authority> {
    const authority = new Authority(folder, name);
    await authority.#openssl(
      'req',
      '-x509',
      ...newKey(authority.#key),
      '-subj',
      `/CN=${name}`,
      '-out',
      authority.ca,
    );
    return authority;
  }

  /**
   * Gives a certificate, in files that anybody may read.
   *
   * @param subject whose it is: a user of the database, or anybody.
   * @param hosts what it is for, as `DNS:name` or `IP:address`.
   * @param days how long it is valid; one of 0 days has expired.
   */
  async issue(
    subject: string,
    { hosts = 'DNS:localhost,IP:127.0.0.1', days = 2 } = {},
  ): Promise<Certificate> {
    const base = join(
      this.#folder,
      `${this.#name}-${subject}-${days}-${hosts.replaceAll(/\W+/g, '-')}`,
    );
    const [cert, key, request, extensions] = [
      `${base}.pem`,
      `${base}.key`,
      `${base}.csr`,
      `${base}.ext`,
    ];
    await this.#openssl('req', '-new', ...newKey(key), '-subj', `/CN=${subject}`, '-out', request);
    await writeFile(extensions, `subjectAltName=${hosts}\nbasicConstraints=CA:FALSE\n`);
    await this.#openssl(
      ...['x509', '-req', '-in', request, '-CA', this.ca, '-CAkey', this.#key, '-CAcreateserial'],
      ...['-days', String(days), '-extfile', extensions, '-out', cert],
    );
    // the servers run as other users
    await chmod(key, 0o644);
    return { cert, key };
  }

  /** Its own certificate, as one that no authority has given. */
  async selfSigned(): Promise<Certificate> {
    await chmod(this.#key, 0o644);
    return { cert: this.ca, key: this.#key };
  }

  get #key(): string {
    return join(this.#folder, `${this.#name}.key`);
  }

  async #openssl(...args: string[]): Promise<void> {
    await run('openssl', args);
  }
}

/** Writes a private key anew, so that it takes a passphrase to read it. */
export async function encryptKey(from: string, to: string): Promise<void> {
  await run('openssl', ['pkey', '-in', from, '-aes256', '-passout', 'pass:secret', '-out', to]);
}

function newKey(file: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file];
}
