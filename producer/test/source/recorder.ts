import { Writable } from 'node:stream';
import type { Logger } from '@csv2db/libs/logger.ts';
import { pino } from 'pino';

/** A logger that keeps its messages. */
export function recorder(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const log = pino(
    { base: null, timestamp: false },
    new Writable({
      write(line: Buffer, _, done) {
        const entry: unknown = JSON.parse(line.toString());
        if (typeof entry === 'object' && entry && 'msg' in entry) lines.push(String(entry.msg));
        done();
      },
    }),
  );
  return { log, lines };
}
