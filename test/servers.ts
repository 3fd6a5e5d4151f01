import { execFile } from 'node:child_process';
import {
  chmod,
  chown,
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import type { Certificate } from './certificates.ts';

const SCRIPT = fileURLToPath(new URL('../scripts/native/servers.sh', import.meta.url));
const run = promisify(execFile);

/** Where the ports of a test's own servers begin; of those that are taken, the next free one is. */
const FIRST_PORT = 20_000 + (process.pid % 1_000) * 12;

/** A folder that the servers' users may enter, when root runs the tests. */
export async function openFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
  await chmod(folder, 0o755);
  return folder;
}

async function portOf(folder: string, name: string): Promise<number> {
  const env = await readFile(join(folder, 'servers.env'), 'utf8');
  return Number(new RegExp(`^${name}=(\\d+)$`, 'm').exec(env)?.[1]);
}

/** A PostgreSQL of the test's own, which it may stop and start. */
export class OwnPostgres {
  readonly #folder: string;
  readonly url: URL;

  private constructor(folder: string, url: URL) {
    this.#folder = folder;
    this.url = url;
  }

  static async start(): Promise<OwnPostgres> {
    const folder = await openFolder();
    await run(SCRIPT, ['start', folder, 'postgres'], {
      env: { ...process.env, DB_PORT: String(FIRST_PORT) },
    });
    const port = await portOf(folder, 'DB_PORT');
    return new OwnPostgres(folder, new URL(`postgres://fcuser:fcpass@127.0.0.1:${port}/userdata`));
  }

  async stop(): Promise<void> {
    await run(SCRIPT, ['stop', this.#folder, 'postgres']);
  }

  async restart(): Promise<void> {
    await run(SCRIPT, ['start', this.#folder, 'postgres']);
  }

  async remove(): Promise<void> {
    await run(SCRIPT, ['remove', this.#folder]);
  }

  /** Runs a statement as the administrator. */
  async sql(statement: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.url.href });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(statement)).rows;
    } finally {
      await client.end();
    }
  }

  /** From here on it takes TLS with this certificate, and knows the certificates of an authority. */
  async useTls({ cert, key }: Certificate, ca: string): Promise<void> {
    for (const [from, to] of [
      [cert, 'server.crt'],
      [key, 'server.key'],
      [ca, 'root.crt'],
    ] as const) {
      const file = join(this.#cluster, to);
      await copyFile(from, file);
      // it refuses a key that others may read
      await chmod(file, 0o600);
      const { uid, gid } = await stat(this.#cluster);
      await chown(file, uid, gid);
    }
    await this.sql("ALTER SYSTEM SET ssl_ca_file = 'root.crt'");
    await this.sql('ALTER SYSTEM SET ssl = on');
    await this.#reload();
  }

  /** Puts lines before those of its pg_hba.conf. */
  async letIn(...lines: string[]): Promise<void> {
    const file = join(this.#cluster, 'pg_hba.conf');
    await writeFile(file, `${lines.join('\n')}\n${await readFile(file, 'utf8')}`);
    await this.#reload();
  }

  get #cluster(): string {
    return join(this.#folder, 'data/postgres/cluster');
  }

  /** Waits until new connections get what was configured. */
  async #reload(): Promise<void> {
    const loadTime = async () =>
      String((await this.sql('SELECT pg_conf_load_time()::text'))[0]?.['pg_conf_load_time']);
    const before = await loadTime();
    await this.sql('SELECT pg_reload_conf()');
    while ((await loadTime()) === before);
  }
}

/** A RabbitMQ of the test's own that takes TLS as well. */
export class OwnRabbitmq {
  readonly #folder: string;
  readonly port: number;
  readonly tlsPort: number;

  private constructor(folder: string, port: number, tlsPort: number) {
    this.#folder = folder;
    this.port = port;
    this.tlsPort = tlsPort;
  }

  /**
   * @param ca the file of the authority whose certificates it knows.
   * @param isStrict whether it refuses clients without one.
   */
  static async start(
    certificate: Certificate,
    ca: string,
    isStrict: boolean,
  ): Promise<OwnRabbitmq> {
    const folder = await openFolder();
    const first = FIRST_PORT + (isStrict ? 6 : 0);
    const tlsPort = first + 5;
    const configuration = join(folder, 'data/rabbitmq/conf.d');
    await mkdir(configuration, { recursive: true });
    const options = {
      'listeners.ssl.1': `127.0.0.1:${tlsPort}`,
      'ssl_options.cacertfile': ca,
      'ssl_options.certfile': join(folder, 'server.pem'),
      'ssl_options.keyfile': join(folder, 'server.key'),
      'ssl_options.verify': 'verify_peer',
      'ssl_options.fail_if_no_peer_cert': String(isStrict),
    };
    const lines = Object.entries(options).map(([name, value]) => `${name} = ${value}\n`);
    await writeFile(join(configuration, '10-tls.conf'), lines.join(''));
    await copyCertificate(certificate, folder);
    const names = ['QUEUE_PORT', 'MANAGEMENT_PORT', 'EPMD_PORT', 'DIST_PORT', 'QUEUE_METRICS_PORT'];
    const ports = names.map((name, index): [string, string] => [name, String(first + index)]);
    await run(SCRIPT, ['start', folder, 'rabbitmq'], {
      env: { ...process.env, ...Object.fromEntries(ports) },
    });
    return new OwnRabbitmq(folder, await portOf(folder, 'QUEUE_PORT'), tlsPort);
  }

  /** From here on it shows this certificate. */
  async use(certificate: Certificate): Promise<void> {
    await copyCertificate(certificate, this.#folder);
    await this.ctl('eval', 'ssl:clear_pem_cache().');
  }

  /** Runs rabbitmqctl. */
  async ctl(...args: string[]): Promise<void> {
    await run(SCRIPT, ['ctl', this.#folder, ...args]);
  }

  async remove(): Promise<void> {
    await run(SCRIPT, ['remove', this.#folder]);
  }
}

async function copyCertificate({ cert, key }: Certificate, folder: string): Promise<void> {
  await copyFile(cert, join(folder, 'server.pem'));
  await copyFile(key, join(folder, 'server.key'));
}
