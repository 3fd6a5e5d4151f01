import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Run } from './processes.ts';

const CONSUMER = fileURLToPath(new URL('../bin/consumer', import.meta.url));

/** Runs a program on a terminal of its own; lines of its input set the size of that, or are typed. */
const BRIDGE = `
import fcntl, os, pty, select, struct, sys, termios
def resize(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', int(rows), int(columns), 0, 0))
pid, fd = pty.fork()
if pid == 0:
    resize(0, sys.argv[1], sys.argv[2])
    os.execv(sys.argv[3], sys.argv[3:])
while True:
    ready, _, _ = select.select([fd, 0], [], [])
    if fd in ready:
        try:
            data = os.read(fd, 65536)
        except OSError:
            break
        if not data:
            break
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    if 0 in ready:
        for line in os.read(0, 4096).decode().splitlines():
            word, _, rest = line.partition(' ')
            if word == 'resize':
                resize(fd, *rest.split())
            if word == 'interrupt':
                os.write(fd, b'\\x03')
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

/** The consumer on a terminal. */
export class Terminal {
  readonly #run: Run;

  constructor(args: string[], env: Record<string, string>, columns: number, rows: number) {
    const size = [String(columns), String(rows)];
    const child = spawn('python3', ['-c', BRIDGE, ...size, CONSUMER, ...args], {
      env: { ...process.env, TERM: 'xterm', ...env },
    });
    this.#run = new Run(child);
  }

  /** The exit status of the program. */
  get exit(): Promise<number> {
    return this.#run.exit;
  }

  /** All that was written to it. */
  get output(): string {
    return this.#run.stdout;
  }

  /** The lines of the last whole screen: what was written since the cursor was last brought home. */
  get screen(): string[] {
    const screens = this.output.split('\u001B[H').filter((text) => text.endsWith('\u001B[J'));
    const last = screens.at(-1) ?? '';
    return last.replaceAll('\u001B[K', '').replaceAll('\u001B[J', '').split('\r\n');
  }

  resize(columns: number, rows: number): void {
    this.#run.stdin.write(`resize ${columns} ${rows}\n`);
  }

  /** Types Ctrl-C. */
  interrupt(): void {
    this.#run.stdin.write('interrupt\n');
  }
}
