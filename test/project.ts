import { execFile, spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { Run } from './processes.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
/** What a clone of the project would not have. */
const NOT_CLONED = new Set(['.git', 'node_modules', 'volumes', 'bin', '.env']);
const execute = promisify(execFile);

/** What a command left behind. */
export interface Result {
  status: number;
  /** Standard output and standard error, in the order of their arrival. */
  output: string;
}

/**
 * A copy of this project, in a folder with a space in its name, whose processes or containers,
 * images and ports are its own. `remove` deletes all of them.
 */
export class Project {
  /** A folder for the test's own files; the copy is in it. */
  readonly folder: string;
  readonly root: string;
  readonly name: string;
  readonly env: Record<string, string>;

  private constructor(folder: string, runtime: 'docker' | 'local') {
    this.folder = folder;
    this.root = join(folder, 'a copy');
    this.name = basename(folder).toLowerCase();
    // below the ports that outgoing connections get
    const port = 15_000 + (process.pid % 800) * 6;
    this.env = {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      RUNTIME: runtime,
      COMPOSE_PROJECT_NAME: this.name,
      REGISTRY: `localhost/${this.name}`,
      QUEUE_PORT: String(port),
      MANAGEMENT_PORT: String(port + 1),
      DB_PORT: String(port + 2),
      EPMD_PORT: String(port + 3),
      DIST_PORT: String(port + 4),
      QUEUE_METRICS_PORT: String(port + 5),
    };
  }

  static async copy(runtime: 'docker' | 'local'): Promise<Project> {
    const project = new Project(await mkdtemp(join(tmpdir(), `csv2db-${runtime}-`)), runtime);
    // for the servers' users, when this is root
    await chmod(project.folder, 0o755);
    await cp(ROOT, project.root, {
      recursive: true,
      preserveTimestamps: true,
      filter: (path) => !NOT_CLONED.has(basename(path)),
    });
    await mkdir(join(project.root, 'volumes'));
    if (runtime === 'local') {
      await symlink(join(ROOT, 'node_modules'), join(project.root, 'node_modules'));
    }
    return project;
  }

  async remove(): Promise<void> {
    await this.make(['prune'], { YES: '1' });
    await rm(this.folder, { recursive: true });
  }

  /** Starts a command in the copy, without a terminal. */
  start(command: string, args: string[], env: Record<string, string> = {}): Run {
    return new Run(
      spawn(command, args, {
        cwd: this.root,
        env: { ...this.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        // so that it can be ended with all that it started
        detached: true,
      }),
    );
  }

  async run(command: string, args: string[], env: Record<string, string> = {}): Promise<Result> {
    const run = this.start(command, args, env);
    return { status: await run.exit, output: run.output };
  }

  /** Runs a target of the Makefile, which has to succeed, and gives what it said. */
  async succeeds(args: string[], env?: Record<string, string>): Promise<string> {
    return this.#ends(0, args, env);
  }

  /** Runs a target of the Makefile, which has to fail, and gives what it said. */
  async refuses(args: string[], env?: Record<string, string>): Promise<string> {
    return this.#ends(2, args, env);
  }

  async #ends(expected: number, args: string[], env?: Record<string, string>): Promise<string> {
    const { status, output } = await this.make(args, env);
    expect(status, output).toBe(expected);
    // nothing of compose's own, and nothing that moves a cursor
    expect(output).not.toContain('\u001b');
    expect(output).not.toMatch(/^ (Container|Network|Volume) /m);
    return output;
  }

  /** Runs a target of the Makefile. */
  async make(args: string[], env: Record<string, string> = {}): Promise<Result> {
    return this.run('make', ['-s', ...args], env);
  }

  /** Runs a command of compose. */
  async compose(...args: string[]): Promise<Result> {
    return this.run('docker', ['compose', ...args], { IMAGE_PREFIX: `localhost/${this.name}/` });
  }

  /** The answer to a query, without header or padding. */
  async sql(query: string): Promise<string> {
    const { status, output } = await this.run('scripts/system', ['sql', '-qtAc', query]);
    if (status !== 0) throw new Error(output);
    return output.trim();
  }

  async countContacts(): Promise<number> {
    return Number(await this.sql('SELECT count(*) FROM contacts'));
  }

  /** Containers of the project, or of one of its services, that run or have ended. */
  async containers(service?: string): Promise<string[]> {
    const filters = [`com.docker.compose.project=${this.name}`];
    if (service !== undefined) filters.push(`com.docker.compose.service=${service}`);
    const labels = filters.flatMap((label) => ['--filter', `label=${label}`]);
    return (await docker('ps', '-aq', ...labels)).split('\n').filter(Boolean);
  }

  /** Whether each container of a service, which there are, is in this state, as in `exited 0`. */
  async is(service: string, state: string): Promise<boolean> {
    const containers = await this.containers(service);
    if (containers.length === 0) return false;
    const format = '{{.State.Status}} {{.State.ExitCode}}';
    const states = await docker('inspect', '-f', format, ...containers);
    return states.split('\n').every((one) => one === state);
  }
}

/** What a command of Docker prints. */
export async function docker(...args: string[]): Promise<string> {
  return (await execute('docker', args)).stdout.trim();
}
