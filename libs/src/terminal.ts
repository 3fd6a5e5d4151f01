import { isatty, WriteStream } from 'node:tty';
import { beforeEnd } from './exit.ts';
import { isInForeground } from './foreground.ts';
import { openNonblocking } from './nonblocking.ts';
import { onWriteError, STDOUT } from './stdout.ts';

/** Columns of a terminal that tells none. */
const COLUMNS = 80;
/** Takes away what is behind the cursor, from the start of its line on. */
const CLEAR = '\r\u001B[J';

/** A line as it is on a terminal of so many columns. */
export type LineOf = (width: number) => string;

/**
 * A terminal: what is written to it scrolls up as ever, above one line that stays the last, and is
 * drawn anew.
 *
 * The cursor rests at the start of that line. So what a terminal that became narrower has broken in
 * two is still behind the cursor, and taken away with it. Nor is the cursor hidden: a process that
 * is killed leaves it as it was.
 *
 * In the background of a shell there is no such line: the last one is what somebody types.
 */
export class Terminal {
  readonly #stream: WriteStream;
  readonly #draw = openNonblocking();
  #lineOf: LineOf | undefined;
  #isShown = false;

  constructor(stream: WriteStream) {
    this.#stream = stream;
    stream.on('error', onWriteError);
    stream.on('resize', () => this.write(''));
    beforeEnd(() => this.hideLine());
  }

  /** Columns that a line may have: behind a full one, some terminals go on to the next. */
  get width(): number {
    // some say that they have none
    return (this.#stream.columns || COLUMNS) - 1;
  }

  /** Whether what is on it can be taken away again. */
  get canRedraw(): boolean {
    return process.env['TERM'] !== 'dumb';
  }

  /**
   * Writes lines, each with its line feed, above the last one; synchronously. Without any, the last
   * one is drawn anew, unless the terminal takes nothing for the time being.
   */
  write(lines: string): void {
    const isOurs = isInForeground();
    const lineOf = isOurs ? this.#lineOf : undefined;
    const cleared = this.#isShown && isOurs ? CLEAR : '';
    const line = lineOf ? `${lineOf(this.width)}\r` : '';
    // in one piece, so that nothing is seen of what is in between
    const text = cleared + lines + line;
    if (lines === '' && this.#draw) {
      if (!this.#draw(text)) return;
    } else {
      this.#stream.write(text);
    }
    this.#isShown = lineOf !== undefined;
  }

  /** Shows a last line, or draws it anew. */
  showLine(lineOf: LineOf): void {
    this.#lineOf = lineOf;
    this.write('');
  }

  /** Takes the last line away. */
  hideLine(): void {
    this.#lineOf = undefined;
    this.write('');
  }
}

/** The terminal that standard output is; undefined where it is none. */
export function openTerminal(): Terminal | undefined {
  // asked first, as `process.stdout` is not to be made of a pipe
  if (!isatty(STDOUT)) return undefined;
  const { stdout } = process;
  return stdout instanceof WriteStream ? new Terminal(stdout) : undefined;
}
