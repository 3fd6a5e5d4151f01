import { EXIT } from '@csv2db/libs/exit.ts';
import { exitStatus, limitDrain, runMain } from '@csv2db/libs/lifecycle.ts';
import { openTerminal } from '@csv2db/libs/terminal.ts';
import { readConfig } from './config.ts';

/** Set by the bundler. */
declare const VERSION: string;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

void runMain(async (signal) => {
  const config = readConfig(process.argv.slice(2), VERSION);
  // loaded only now, so that --help and a wrong flag answer at once
  const { createLogger } = await import('@csv2db/libs/logger.ts');
  const terminal = config.isJson ? undefined : openTerminal();
  const log = createLogger('producer', config.logLevel, terminal);
  limitDrain(signal, config.drainTimeout, log);
  if (config.isDryRun) {
    const { dryRun } = await import('./dry-run.ts');
    const isClean = await dryRun(config, print, signal, log);
    return signal.aborted || isClean ? exitStatus(signal) : EXIT.rejected;
  }
  const { run } = await import('./run.ts');
  await run(config, signal, log, terminal);
  return exitStatus(signal);
});
