import { readFileSync } from 'node:fs';

/**
 * Whether this process may draw on its terminal: what a shell runs in the background (`&`, or Ctrl-Z
 * and `bg`) leaves that to whoever types there. Only Linux tells; elsewhere it may.
 */
export function isInForeground(): boolean {
  const stat = statOfProcess();
  // proc_pid_stat(5), from the state on: the name in front may have spaces and parentheses
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // -1 of a process that is in no session of the terminal, as below `su -c`
  return foreground === group || foreground === '-1';
}

/** Empty where there is none: so both groups are undefined. */
function statOfProcess(): string {
  try {
    return readFileSync('/proc/self/stat', 'latin1');
  } catch {
    return '';
  }
}
