import { isatty } from 'node:tty';
import { destination, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { codeOf, FatalError, messageOf } from './errors.ts';
import { fail } from './exit.ts';
import type { LogLevel } from './options/values.ts';

export type { Logger };

/**
 * Standard output. By its number, because `process.stdout` makes a pipe one that can't be waited
 * for.
 */
const STDOUT = 1;

/**
 * Logs to standard output: JSON lines, or coloured messages alone when it is a terminal. So a
 * message says everything by itself, and its fields say it again for programs.
 *
 * Written synchronously: a line is out before anything is done about it, so none is lost however
 * the process ends, and none piles up in memory when its reader is slow. Both services log by the
 * batch, never by the row, except for rejected rows.
 */
export function createLogger(service: string, level: LogLevel): Logger {
  const options = {
    level,
    base: { service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const stream = isatty(STDOUT)
    ? pretty({ sync: true, hideObject: true, translateTime: 'SYS:HH:MM:ss' })
    : destination({ dest: STDOUT, sync: true });
  stream.on('error', onWriteError);
  return pino(options, {
    write: (line) => {
      try {
        stream.write(line);
      } catch (error) {
        onWriteError(error);
      }
    },
  });
}

/**
 * When the reader of a pipe or the terminal is gone, the work goes on unseen; a full disk ends it.
 */
function onWriteError(error: unknown): void {
  if (codeOf(error) === 'EPIPE' || codeOf(error) === 'EIO') return;
  fail(new FatalError(`standard output can't be written to: ${messageOf(error)}`));
}
