import { codeOf } from '@csv2db/libs/errors.ts';
import { EXIT, limitDrain, runMain } from '@csv2db/libs/lifecycle.ts';
import { readConfig } from './config.ts';

/** Set by the bundler. */
declare const VERSION: string;

void runMain(async (signal) => {
  const { task, config } = readConfig(process.argv.slice(2), VERSION);
  // loaded only now, so that --help and a wrong flag answer at once
  const { createLogger } = await import('@csv2db/libs/logger.ts');
  const log = createLogger('consumer', config.logLevel);
  switch (task.kind) {
    case 'consume': {
      limitDrain(signal, config.drainTimeout, log);
      const { run } = await import('./run.ts');
      await run(config, signal, log);
      break;
    }
    case 'migrate': {
      const { migrate } = await import('./migrate.ts');
      await migrate(config.database, task.direction, log);
      break;
    }
    case 'drop database': {
      const { dropDatabase } = await import('./migrate.ts');
      await dropDatabase(config.database, log);
      break;
    }
    case 'dead letters': {
      const { onDeadLetters } = await import('./dead.ts');
      await onDeadLetters(task.task, config.queue, printer());
    }
  }
  return EXIT.done;
});

/** Writes lines to standard output, and ends the process when whoever read them has had enough, as "| head" has. */
function printer(): (line: string) => void {
  process.stdout.on('error', (error) => {
    if (codeOf(error) !== 'EPIPE') throw error;
    process.exit(EXIT.done);
  });
  return (line) => void process.stdout.write(`${line}\n`);
}
