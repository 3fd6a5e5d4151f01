import { type CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { CONTACT_COLUMNS } from '@csv2db/libs/message.ts';
import { text } from '@csv2db/libs/options/values.ts';
import { columns } from '../database/values.ts';
import type { DeadTask } from './command.ts';
import { parseReference } from './reference.ts';

const FORCE = [
  '--force',
  'even where RabbitMQ may delete letters that are looked at again',
] as const;

/** Adds `dead` and the commands below it. @returns it. */
export function addDeadCommands(
  program: CommandUnknownOpts,
  onTask: (task: DeadTask) => void,
): CommandUnknownOpts {
  const dead = program.command('dead').description('look at the dead letters, or move them back');
  dead
    .command('list')
    .description('a line for each: reference, time, reason, email or body')
    .option('--json', 'as JSON lines, with everything that is known')
    .option(...FORCE)
    .action(({ json = false, force = false }) => onTask({ kind: 'list', json, force }));
  dead
    .command('show')
    .argument(
      '<reference>',
      'as the list has it, such as IMPORT:ROW; of an id the beginning is enough',
      parseReference,
    )
    .description('one of them with its headers, as JSON')
    .option(...FORCE)
    .action((wanted, { force = false }) => onTask({ kind: 'show', wanted, force }));
  dead
    .command('export')
    .description('all of them as CSV on standard output: their columns, reason')
    .addOption(
      new Option('--columns <names>', 'the columns to write, with commas between them')
        .default(CONTACT_COLUMNS, CONTACT_COLUMNS.join())
        .argParser(columns),
    )
    .option(...FORCE)
    .action(({ columns, force = false }) => onTask({ kind: 'export', columns, force }));
  dead
    .command('replay')
    .description('move them back to the queue')
    .option('--reason <text>', 'only those whose reason has this in it', text)
    .option(...FORCE)
    .action(({ reason, force = false }) => onTask({ kind: 'replay', reason, force }));
  dead
    .command('purge')
    .description('delete them all')
    .option('--yes', 'really')
    .action(({ yes }) => {
      if (yes !== true) dead.error('error: dead purge deletes every dead letter: add --yes');
      onTask({ kind: 'purge' });
    });
  const verbs = dead.commands.map((command) => command.name()).join(', ');
  // an action of its own would take the place of the command `help`
  dead.helpCommand(true).allowExcessArguments();
  dead.action(() => {
    const [word] = dead.args;
    const problem =
      word === undefined ? "'dead' needs a command" : `unknown command 'dead ${word}'`;
    dead.error(`error: ${problem}: one of ${verbs}`);
  });
  return dead;
}
