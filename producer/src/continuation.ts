import { QUEUE_URL, withoutPassword } from '@csv2db/libs/options/queue-url.ts';
import { quoted } from '@csv2db/libs/shell.ts';

/** What a command to go on depends on. */
export interface Continuation {
  /** The arguments of this process, with two dashes. */
  args: readonly string[];
  /** Rows from the start of the import that are confirmed or rejected. */
  rows: number;
  /** Most rows that are still to be taken. */
  limit: number;
  /** Whether --resume finds these rows. */
  canResume: boolean;
  importId: string;
  /** Where its rejects go; undefined where the arguments say it. */
  rejects?: string | undefined;
}

/**
 * The command that goes on where this process ended early, for a POSIX shell; without passwords.
 */
export function continuation(wanted: Continuation): string {
  const { args, rows, limit, canResume, importId, rejects } = wanted;
  const overruled = process.env['FC_PRODUCER_OFFSET'] === undefined ? [] : ['--offset', '0'];
  const unresumed = process.env['FC_PRODUCER_RESUME'] === undefined ? [] : ['--resume=false'];
  const from = canResume
    ? [...overruled, '--resume']
    : [...unresumed, '--import-id', importId, '--offset', String(rows)];
  const dropped = ['--offset', '--resume', '--limit', '--queue-pass'];
  if (!canResume) dropped.push('--checkpoint', '--import-id');
  if (rejects !== undefined) dropped.push('--rejects');
  const until = limit === Infinity ? [] : ['--limit', String(limit)];
  const kept = withoutPasswords(without(args, dropped));
  const others = rejects === undefined ? [] : ['--rejects', rejects];
  const words = [process.argv[1] ?? 'producer', ...kept, ...from, ...until, ...others];
  return words.map(quoted).join(' ');
}

/** Arguments without some flags and their values. */
function without(args: readonly string[], flags: readonly string[]): string[] {
  const isFlag = (arg: string | undefined): boolean => arg?.startsWith('--') ?? false;
  return args.filter((arg, index) => {
    const [name = ''] = arg.split('=');
    const before = args[index - 1];
    // the value of --resume may be left out
    const takesNone = before === '--resume' && isFlag(arg);
    const isValueOfOne = before !== undefined && flags.includes(before) && !takesNone;
    return !flags.includes(name) && !isValueOfOne;
  });
}

/** Arguments in which the URL of the queue has no password. */
function withoutPasswords(args: readonly string[]): string[] {
  return args.map((arg, index) => {
    if (args[index - 1] === QUEUE_URL) return withoutPassword(arg);
    const assigned = `${QUEUE_URL}=`;
    if (!arg.startsWith(assigned)) return arg;
    return assigned + withoutPassword(arg.slice(assigned.length));
  });
}
