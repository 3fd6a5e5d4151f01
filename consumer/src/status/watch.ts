import { TransientError } from '@csv2db/libs/errors.ts';
import { wrapped } from '@csv2db/libs/width.ts';
import { printed } from '../print.ts';
import type { Look } from './look.ts';
import { sleep, unlessStopped } from './stopped.ts';

/** Milliseconds between two looks. */
const INTERVAL = 1_000;

/** Size of a terminal that tells none. */
const COLUMNS = 80;
const ROWS = 24;

/** Control sequences of terminals: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html */
const ENTER = '\u001B[?1049h\u001B[?25l';
const LEAVE = '\u001B[?25h\u001B[?1049l';
const HOME = '\u001B[H';
const CLEAR_LINE = '\u001B[K';
const CLEAR_BELOW = '\u001B[J';

/**
 * Shows what there is to see on the terminal, on a screen of its own, anew each second and when the terminal
 * changes its size, until the signal is aborted. Then the screen is as it was before.
 *
 * @param linesOf what was seen, as lines of a width.
 * @throws FatalError when a person has to mend something.
 */
export async function watch(
  lookAgain: () => Promise<Look>,
  linesOf: (seen: Look, width: number) => string[],
  signal: AbortSignal,
): Promise<void> {
  const isStopped = (): boolean => signal.aborted;
  await write(ENTER);
  try {
    let last: Look | undefined;
    while (!isStopped()) {
      const next = performance.now() + INTERVAL;
      const seen = await unlessStopped(signal, lookAgain().catch(orOutage));
      if (!seen) break;
      if (!(seen instanceof TransientError)) last = seen;
      const problem = seen instanceof TransientError ? [seen.message] : [];
      do {
        // some terminals say that they have none
        const columns = process.stdout.columns || COLUMNS;
        const rows = process.stdout.rows || ROWS;
        await write(frameOf([...(last ? linesOf(last, columns) : []), ...problem], columns, rows));
        await unlessResized(next - performance.now(), signal);
      } while (!isStopped() && performance.now() < next);
    }
  } finally {
    await write(LEAVE);
  }
}

/** The lines as a terminal shows them, from the top; of too many, the first and the last ones. */
function frameOf(lines: readonly string[], width: number, height: number): string {
  const [first = '', ...others] = lines.flatMap((line) => wrapped(line, width));
  const shown = [first, ...others.slice(-Math.max(1, height - 1))];
  // behind a line that is as wide as the terminal, it would take away the last character
  return HOME + shown.map((line) => CLEAR_LINE + line).join('\n') + CLEAR_BELOW;
}

/** Waits for so many milliseconds, until the terminal changes its size, or until the signal is aborted. */
async function unlessResized(milliseconds: number, signal: AbortSignal): Promise<void> {
  const resized = new AbortController();
  const onResize = (): void => resized.abort();
  process.stdout.once('resize', onResize);
  // its timer keeps the process alive, which one of AbortSignal.timeout does not
  await sleep(Math.max(0, Math.ceil(milliseconds)), AbortSignal.any([signal, resized.signal]));
  process.stdout.off('resize', onResize);
}

function orOutage(error: unknown): TransientError {
  if (error instanceof TransientError) return error;
  throw error;
}

async function write(text: string): Promise<void> {
  await printed((print) => print(text, ''));
}
