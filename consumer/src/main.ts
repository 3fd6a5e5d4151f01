import { EXIT } from '@csv2db/libs/exit.ts';
import { exitStatus, limitDrain, runMain } from '@csv2db/libs/lifecycle.ts';
import { openTerminal } from '@csv2db/libs/terminal.ts';
import { readConfig } from './config.ts';
import { printed } from './print.ts';

/** Set by the bundler. */
declare const VERSION: string;

void runMain(async (signal) => {
  const { task, config } = readConfig(process.argv.slice(2), VERSION);
  // loaded only now, so that --help and a wrong flag answer at once
  const { createLogger } = await import('@csv2db/libs/logger.ts');
  const terminal = config.isJson ? undefined : openTerminal();
  const log = createLogger('consumer', config.logLevel, terminal);
  switch (task.kind) {
    case 'consume': {
      limitDrain(signal, config.drainTimeout, log);
      const { run } = await import('./run.ts');
      await run(config, signal, log, terminal);
      break;
    }
    case 'migrate': {
      const { migrate } = await import('./database/migrate.ts');
      await migrate(config.database, task.direction, log);
      break;
    }
    case 'drop database': {
      const { dropDatabase } = await import('./database/create.ts');
      await dropDatabase(config.database, log);
      break;
    }
    case 'dead letters': {
      const { onDeadLetters } = await import('./dead-letters/command.ts');
      await printed((print) => onDeadLetters(task.task, config.queue, print, warn, signal));
      return exitStatus(signal);
    }
    case 'status': {
      const { onStatus } = await import('./status/command.ts');
      return await onStatus(task.task, config, warn, signal);
    }
    case 'why': {
      const { why } = await import('./status/why.ts');
      const answer = await why(config.database, task.value);
      await printed((print) => print(answer));
      break;
    }
  }
  return EXIT.done;
});

function warn(line: string): void {
  process.stderr.write(`warning: ${line}\n`);
}
