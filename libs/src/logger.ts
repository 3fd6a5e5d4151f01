import { isatty } from 'node:tty';
import { destination, pino, type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { LogLevel } from './options/values.ts';

export type { Logger };

/** Standard output. By its number, because `process.stdout` makes a pipe one that can't be waited for. */
const STDOUT = 1;

/**
 * Logs to standard output: JSON lines, or coloured messages alone when it is a terminal. So a message
 * says everything by itself, and its fields say it again for programs.
 *
 * Written synchronously: a line is out before anything is done about it, so none is lost however the process
 * ends, and none piles up in memory when its reader is slow. Both services log by the batch, never by the row,
 * except for rejected rows.
 */
export function createLogger(service: string, level: LogLevel): Logger {
  const options = {
    level,
    base: { service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (!isatty(STDOUT)) return pino(options, destination({ dest: STDOUT, sync: true }));
  return pino(options, pretty({ sync: true, hideObject: true, translateTime: 'SYS:HH:MM:ss' }));
}
