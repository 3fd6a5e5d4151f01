import { pino, type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { LogLevel } from './options.ts';

export type { Logger };

/**
 * Logs to standard output: JSON lines, or coloured messages alone when it is a terminal. So a message
 * says everything by itself, and its fields say it again for programs.
 *
 * Written synchronously, so that nothing is lost when the process ends; both services log by the
 * batch, never by the row, except for rejected rows.
 */
export function createLogger(service: string, level: LogLevel): Logger {
  const options = {
    level,
    base: { service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (!process.stdout.isTTY) return pino(options);
  return pino(options, pretty({ sync: true, hideObject: true, translateTime: 'SYS:HH:MM:ss' }));
}
