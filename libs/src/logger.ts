import { destination, type Logger, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { LogLevel } from './options/values.ts';
import { onWriteError, STDOUT } from './stdout.ts';
import type { Terminal } from './terminal.ts';

export type { Logger };

/**
 * Logs to a terminal, as coloured messages alone, or where there is none to standard output, as JSON
 * lines. So a message says everything by itself, and its fields say it again for programs.
 *
 * Written synchronously: a line is out before anything is done about it, so none is lost however
 * the process ends, and none piles up in memory when its reader is slow. Both services log by the
 * batch, never by the row, except for rejected rows.
 */
export function createLogger(service: string, level: LogLevel, terminal?: Terminal): Logger {
  const options = {
    level,
    base: { service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, { write: terminal ? readable(terminal) : json() });
}

function readable(terminal: Terminal): (line: string) => void {
  const prettify = prettyFactory({ hideObject: true, translateTime: 'SYS:HH:MM:ss' });
  return (line) => terminal.write(prettify(line));
}

function json(): (line: string) => void {
  const stream = destination({ dest: STDOUT, sync: true });
  stream.on('error', onWriteError);
  return (line) => {
    try {
      stream.write(line);
    } catch (error) {
      onWriteError(error);
    }
  };
}
