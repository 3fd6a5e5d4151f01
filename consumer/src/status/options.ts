import { type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { durationOrForever } from '@csv2db/libs/options/values.ts';
import type { StatusTask } from './command.ts';

/** Adds `status`. @returns it. */
export function addStatusCommand(
  program: CommandUnknownOpts,
  onTask: (task: StatusTask) => void,
): CommandUnknownOpts {
  const status = program
    .command('status')
    .argument(
      '[import]',
      'its id, the beginning of that, or the name of a file (its newest import)',
    )
    .description('what became of the rows of imports, by the ledger in the database')
    .option('--json', 'as JSON lines, with everything that is known')
    .addOption(
      new Option('--watch', 'show it anew each second, on a terminal').conflicts([
        'json',
        'wait',
        'missing',
      ]),
    )
    .addOption(
      new Option(
        '--wait',
        'until every row is accounted for, of the newest import if none is named; status 1 when a row is dead or missing',
      ).conflicts('missing'),
    )
    .addOption(
      new Option('--timeout <duration>', 'longest time to wait; status 3 when it is over')
        .default(Infinity, 'forever')
        .argParser(durationOrForever),
    )
    .addOption(
      new Option(
        '--missing',
        'the rows that are missing, as --rows of the producer takes them, of the newest import if none is named',
      ).conflicts('json'),
    );
  status.action((name, { json = false, watch, wait, timeout, missing }) => {
    if (timeout < Infinity && wait !== true) {
      status.error('error: --timeout says how long to --wait: add that');
    }
    if (watch === true) onTask({ kind: 'watch', name });
    else if (wait === true) onTask({ kind: 'wait', name, json, timeout });
    else if (missing === true) onTask({ kind: 'missing', name });
    else onTask({ kind: 'show', name, json });
  });
  return status;
}
