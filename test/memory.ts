import { existsSync, readFileSync } from 'node:fs';
import type { Run } from './processes.ts';

/** Whether this system tells how much memory a process has. */
export const tellsMemory = existsSync('/proc/self/status');

/** The most resident memory that a program has had at its end, in MiB. */
export async function peakMemory(run: Run): Promise<number> {
  let kibibytes = 0;
  const sample = (): void => {
    try {
      const status = readFileSync(`/proc/${run.pid}/status`, 'utf8');
      kibibytes = Math.max(kibibytes, Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1] ?? 0));
    } catch {
      // it has ended
    }
  };
  const sampling = setInterval(sample, 20);
  sample();
  await run.exit;
  clearInterval(sampling);
  return kibibytes / 1024;
}
