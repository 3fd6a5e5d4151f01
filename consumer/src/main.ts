import { EXIT, runMain } from '@csv2db/libs/lifecycle.ts';
import { readConfig } from './config.ts';

/** Set by the bundler. */
declare const VERSION: string;

void runMain(async (signal) => {
  const { task, config } = readConfig(process.argv.slice(2), VERSION);
  // loaded only now, so that --help and a wrong flag answer at once
  const { createLogger } = await import('@csv2db/libs/logger.ts');
  const log = createLogger('consumer', config.logLevel);
  if (task === 'consume') {
    const { run } = await import('./run.ts');
    await run(config, signal, log);
  } else {
    const { dropDatabase, migrate } = await import('./migrate.ts');
    if (task === 'drop database') await dropDatabase(config.database, log);
    else await migrate(config.database, task === 'migrate up' ? 'up' : 'down', log);
  }
  return EXIT.done;
});
