import { exitStatus, limitDrain, runMain } from '@csv2db/libs/lifecycle.ts';
import { readConfig } from './config.ts';

/** Set by the bundler. */
declare const VERSION: string;

void runMain(async (signal) => {
  const config = readConfig(process.argv.slice(2), VERSION);
  // loaded only now, so that --help and a wrong flag answer at once
  const { createLogger } = await import('@csv2db/libs/logger.ts');
  const { run } = await import('./run.ts');
  const log = createLogger('producer', config.logLevel);
  limitDrain(signal, config.drainTimeout, log);
  await run(config, signal, log);
  return exitStatus(signal);
});
