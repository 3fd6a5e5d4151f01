import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Terminal as Emulator } from '@xterm/headless';
import { Run } from './processes.ts';

const BIN = fileURLToPath(new URL('../bin/', import.meta.url));

/** Runs a program on a terminal of its own; lines of its input set the size of that, or are typed. */
const BRIDGE = `
import fcntl, os, pty, select, struct, sys, termios
def resize(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', int(rows), int(columns), 0, 0))
pid, fd = pty.fork()
if pid == 0:
    resize(0, sys.argv[1], sys.argv[2])
    os.execvp(sys.argv[3], sys.argv[3:])
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
            if word == 'close':
                os.close(fd)
                sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            if word == 'type':
                os.write(fd, bytes.fromhex(rest))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

/** A program on a terminal. */
export class Terminal {
  readonly #run: Run;
  readonly #emulator: Emulator;

  constructor(
    program: 'producer' | 'consumer' | 'bash',
    args: string[],
    env: Record<string, string>,
    columns: number,
    rows: number,
  ) {
    const size = [String(columns), String(rows)];
    const PATH = `${BIN}:${process.env['PATH']}`;
    const child = spawn('python3', ['-c', BRIDGE, ...size, program, ...args], {
      env: { ...process.env, TERM: 'xterm', PATH, ...env },
    });
    this.#run = new Run(child);
    const known = { cols: columns || 80, rows: rows || 24 };
    this.#emulator = new Emulator({ ...known, scrollback: 10_000, allowProposedApi: true });
    child.stdout.on('data', (text: string) => this.#emulator.write(text));
  }

  /** The exit status of the program, once all that it wrote is shown. */
  get exit(): Promise<number> {
    return this.#run.exit.then(
      (status) => new Promise((resolve) => this.#emulator.write('', () => resolve(status))),
    );
  }

  /** All that was written to it. */
  get output(): string {
    return this.#run.stdout;
  }

  /** The lines that it shows, down to the last one that is not empty. */
  get screen(): string[] {
    const { active } = this.#emulator.buffer;
    return this.#lines(active.baseY).map(({ text }) => text);
  }

  /** The lines that it shows, and all that scrolled away; each whole, however narrow it is. */
  get history(): string[] {
    const whole: string[] = [];
    for (const { text, isWrapped } of this.#lines(0)) {
      if (isWrapped) whole.push((whole.pop() ?? '') + text);
      else whole.push(text);
    }
    return whole;
  }

  /** The line that the cursor is in, and its column, from 0. */
  get cursor(): { line: string; column: number } {
    const { baseY, cursorX, cursorY } = this.#emulator.buffer.active;
    return { line: this.#line(baseY + cursorY).text, column: cursorX };
  }

  #lines(from: number): { text: string; isWrapped: boolean }[] {
    const { length } = this.#emulator.buffer.active;
    const lines = Array.from({ length: length - from }, (_, index) => this.#line(from + index));
    return lines.slice(0, lines.findLastIndex(({ text }) => text !== '') + 1);
  }

  #line(index: number): { text: string; isWrapped: boolean } {
    const { buffer, cols } = this.#emulator;
    const line = buffer.active.getLine(index);
    // one that was wider keeps what is not shown any more
    const text = line?.translateToString(false, 0, cols).trimEnd() ?? '';
    return { text, isWrapped: line?.isWrapped ?? false };
  }

  resize(columns: number, rows: number): void {
    // behind what it has yet to show
    this.#emulator.write('', () => {
      this.#emulator.resize(columns, rows);
      this.#run.stdin.write(`resize ${columns} ${rows}\n`);
    });
  }

  /** Types keys. */
  type(keys: string): void {
    this.#run.stdin.write(`type ${Buffer.from(keys).toString('hex')}\n`);
  }

  /** Closes it, as who closes its window does. */
  close(): void {
    this.#run.stdin.write('close\n');
  }

  /** Types Ctrl-C. */
  interrupt(): void {
    this.type('\u0003');
  }
}
