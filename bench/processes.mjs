// Processes that are measured while they run. What they use is known on Linux only; elsewhere it is
// 0.
import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/** Clock ticks a second in /proc, on every Linux. */
const TICKS = 100;
/** Milliseconds between two looks at a process. */
const INTERVAL = 50;

/** A process, which has ended when its `exit` resolves. */
export class Process {
  /** Most resident memory that was seen, in MiB. */
  memory = 0;
  /** Seconds of processor time that were seen. */
  cpu = 0;
  /** System calls to write that were seen. */
  writes = 0;

  /**
   * @param {string} command
   * @param {string[]} args
   * @param {NodeJS.ProcessEnv} env
   */
  constructor(command, args, env) {
    this.child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const sampling = setInterval(() => void this.sample(), INTERVAL);
    /** @type {Promise<number | null>} */
    this.exit = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', resolve);
    });
    void this.exit.catch(() => {}).finally(() => clearInterval(sampling));
    this.lines = createInterface(this.child.stdout);
  }

  /**
   * Waits for a line.
   * @param {RegExp} pattern
   */
  async prints(pattern) {
    const ended = this.exit.then(() => Promise.reject(new Error(`it ended before ${pattern}`)));
    const printed = new Promise((resolve) => {
      this.lines.on('line', (line) => pattern.test(line) && resolve(undefined));
    });
    await Promise.race([printed, ended]);
  }

  async sample() {
    const { pid = 0 } = this.child;
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const peak = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
    this.memory = Math.max(this.memory, peak);
    this.cpu = Math.max(this.cpu, await processorSeconds([pid]));
    const io = await readFile(`/proc/${pid}/io`, 'utf8').catch(() => '');
    this.writes = Math.max(this.writes, Number(/^syscw: (\d+)$/m.exec(io)?.[1] ?? 0));
  }

  /** @throws when it did not end with status 0. */
  async succeeded() {
    const status = await this.exit;
    if (status !== 0) throw new Error(`${this.child.spawnfile} ended with status ${status}`);
  }
}

/**
 * Processor time of all processes of the servers, in seconds.
 * @returns {Promise<{ RabbitMQ: number, PostgreSQL: number }>}
 */
export async function serverSeconds() {
  /** @type {number[]} */
  const rabbitmq = [];
  /** @type {number[]} */
  const postgres = [];
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (/^(\S*\/)?postgres\b/.test(command)) postgres.push(Number(pid));
    if (/beam\.smp.*rabbit/.test(command)) rabbitmq.push(Number(pid));
  }
  const [RabbitMQ, PostgreSQL] = [
    await processorSeconds(rabbitmq),
    await processorSeconds(postgres),
  ];
  return { RabbitMQ, PostgreSQL };
}

/** @param {number[]} pids */
async function processorSeconds(pids) {
  let ticks = 0;
  for (const pid of pids) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    // user and system time, and those of children that have ended: proc(5)
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    for (const field of fields.slice(11, 15)) ticks += Number(field);
  }
  return ticks / TICKS;
}
