import { writeSync } from 'node:fs';
import { codeOf } from '@csv2db/libs/errors.ts';
import { EXIT, limitDrain, runMain } from '@csv2db/libs/lifecycle.ts';
import { readConfig } from './config.ts';

const STDOUT = 1;

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
      const { onDeadLetters } = await import('./dead-letters/read.ts');
      await onDeadLetters(task.task, config.queue, print);
    }
  }
  return EXIT.done;
});

/**
 * Writes a line to standard output, and waits until it is out: the process ends when all is printed. It ends at
 * once when whoever read the lines has had enough, as "| head" has.
 */
function print(line: string): void {
  let rest = Buffer.from(`${line}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(STDOUT, rest));
    } catch (error) {
      if (codeOf(error) === 'EPIPE') process.exit(EXIT.done);
      throw error;
    }
  }
}
