import { LOG_LEVELS, type LogLevel } from './options/values.ts';
import type { LineOf, Terminal } from './terminal.ts';

/** Milliseconds between two drawings of the line. */
const DRAWING = 250;
/** Milliseconds between two lines of the log. */
const LOGGING = 10_000;

/** What knows how far some work is. */
export interface Report {
  /** As a line of a terminal. */
  line: LineOf;
  /** As a line of the log. */
  say(): void;
}

export interface ProgressConfig {
  /** Whether nobody wants to know. */
  isQuiet: boolean;
  logLevel: LogLevel;
}

/**
 * Tells how far some work is, while it goes on: as the last line of the terminal, or, where there is
 * none that can draw it anew, in the log, every ten seconds. Where the log has no place for that,
 * neither does the terminal.
 *
 * @returns ends it, and takes the line away.
 */
export function tellProgress(
  report: Report,
  { isQuiet, logLevel }: ProgressConfig,
  terminal: Terminal | undefined,
): () => void {
  if (isQuiet || LOG_LEVELS.indexOf(logLevel) > LOG_LEVELS.indexOf('info')) return () => {};
  if (!terminal?.canRedraw) {
    const timer = setInterval(() => report.say(), LOGGING).unref();
    return () => clearInterval(timer);
  }
  const draw = (): void => terminal.showLine((width) => report.line(width));
  const timer = setInterval(draw, DRAWING).unref();
  draw();
  return () => {
    clearInterval(timer);
    terminal.hideLine();
  };
}
