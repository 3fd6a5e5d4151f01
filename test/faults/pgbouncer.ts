import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseUrl, until } from '../sandbox.ts';

/** The user that pgbouncer runs as when root, which it refuses to be, starts it: nobody. */
const NOBODY = 65_534;

/** A pgbouncer of the test's own, in transaction mode and with its own settings for all else. */
export class Pgbouncer {
  readonly port: number;
  readonly #folder: string;
  readonly #child: ChildProcess;

  private constructor(port: number, folder: string, child: ChildProcess) {
    this.port = port;
    this.#folder = folder;
    this.#child = child;
  }

  static async start(): Promise<Pgbouncer> {
    const { hostname, port: server, username, password } = databaseUrl();
    const port = 30_000 + (process.pid % 2_000);
    const folder = await mkdtemp(join(tmpdir(), 'csv2db-test-'));
    const files = {
      'users.txt': `"${username}" "${password}"\n`,
      'pgbouncer.ini': `[databases]
* = host=${hostname} port=${server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(folder, 'users.txt')}
pool_mode = transaction
default_pool_size = 4
`,
    };
    await chmod(folder, 0o755);
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name);
      await writeFile(path, content, { mode: 0o600 });
      if (process.getuid?.() === 0) await chown(path, NOBODY, NOBODY);
    }
    const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    const child = spawn('pgbouncer', [join(folder, 'pgbouncer.ini')], {
      stdio: 'ignore',
      // Debian has it where only root looks
      env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
      ...identity,
    });
    await until('pgbouncer listens', () => isTaken(port));
    return new Pgbouncer(port, folder, child);
  }

  async remove(): Promise<void> {
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
    await rm(this.#folder, { recursive: true });
  }
}

async function isTaken(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
