import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SCRIPT = fileURLToPath(new URL('../scripts/native/servers.sh', import.meta.url));
const run = promisify(execFile);

/** A PostgreSQL of the test's own, which it may stop and start. */
export class OwnPostgres {
  readonly #folder: string;
  readonly url: URL;

  private constructor(folder: string, url: URL) {
    this.#folder = folder;
    this.url = url;
  }

  static async start(): Promise<OwnPostgres> {
    const folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
    // the server runs as another user when root runs the tests
    await chmod(folder, 0o755);
    await run(SCRIPT, ['start', folder, 'postgres'], {
      env: { ...process.env, DB_PORT: String(20_000 + (process.pid % 10_000)) },
    });
    const env = await readFile(join(folder, 'servers.env'), 'utf8');
    const port = /^DB_PORT=(\d+)$/m.exec(env)?.[1] ?? '';
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
}
