import { exitStatus, limitDrain, runMain } from '@csv2db/libs/lifecycle.ts';
import { readConfig } from './config.ts';

/** Set by the bundler. */
declare const VERSION: string;

void runMain(async (signal) => {
  const config = await readConfig(process.argv.slice(2), VERSION);
  limitDrain(signal, config.drainTimeout);
  // loaded only now, so that --help and a wrong flag answer at once
  const { createLogger } = await import('@csv2db/libs/logger.ts');
  const { run } = await import('./run.ts');
  await run(config, signal, createLogger('producer', config.logLevel));
  return exitStatus(signal);
});
