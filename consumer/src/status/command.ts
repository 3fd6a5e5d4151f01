import { LONGEST_DELAY } from '@csv2db/libs/deadline.ts';
import { FatalError } from '@csv2db/libs/errors.ts';
import { EXIT } from '@csv2db/libs/exit.ts';
import { exitStatus } from '@csv2db/libs/lifecycle.ts';
import { visible } from '@csv2db/libs/visible.ts';
import type { ConsumerConfig } from '../config.ts';
import { orFatal, withClient } from '../database/client.ts';
import { printed } from '../print.ts';
import { DepthGauge } from './depths.ts';
import type { Import } from './import.ts';
import { type Look, look, type Wanted } from './look.ts';
import { printMissing } from './missing.ts';
import { render, renderJson } from './render.ts';
import { unlessStopped } from './stopped.ts';
import { unended } from './unended.ts';
import { wait } from './wait.ts';
import { watch } from './watch.ts';

/** What to show of imports. */
export type StatusTask = {
  /** The id of an import, the beginning of one, or the name of a file; undefined where none is given. */
  name: string | undefined;
} & (
  | { kind: 'show'; json: boolean }
  | { kind: 'watch' }
  /** `timeout` is in milliseconds. */
  | { kind: 'wait'; json: boolean; timeout: number }
  | { kind: 'missing' }
);

/** Columns where there is no terminal. */
const WIDTH = 80;

/**
 * Shows what the ledger knows of imports, on standard output.
 *
 * @param warn takes a line that is none of the result.
 * @param signal ends the work early.
 * @returns the status to end with.
 * @throws FatalError when the database can't be reached, the name is empty, or there is no ledger or no such import.
 */
export async function onStatus(
  task: StatusTask,
  config: ConsumerConfig,
  warn: (line: string) => void,
  signal: AbortSignal,
): Promise<number> {
  const { name } = task;
  if (name === '')
    throw new FatalError('the name of the import is empty: give an id or a file, or leave it out');
  const gauge = new DepthGauge(config.queue);
  const lookAt = (wanted: Wanted): Promise<Look> =>
    orFatal(config.database, () => look(config, gauge, wanted));
  const show = async (seen: Look, json: boolean): Promise<void> => {
    const { isTTY, columns } = process.stdout;
    // some terminals say that they have none
    const width = (isTTY && columns) || WIDTH;
    const lines = json ? renderJson(seen) : render(seen, config.queue, width);
    if (json && seen.depths.problem !== undefined) warn(seen.depths.problem);
    await printed(async (print) => {
      for (const line of lines) await print(line);
    });
  };
  const one: Wanted = name === undefined ? 'newest' : { name };
  const some: Wanted = name === undefined ? 'all' : { name };
  switch (task.kind) {
    case 'show': {
      const seen = await unlessStopped(signal, lookAt(some));
      if (!seen) return exitStatus(signal);
      if (name !== undefined) onlyOf(seen, name);
      await show(seen, task.json);
      return EXIT.done;
    }
    case 'watch': {
      if (!process.stdout.isTTY || process.env['TERM'] === 'dumb') {
        throw new FatalError('--watch needs a terminal: see --wait and --json');
      }
      const lookAgain = (): Promise<Look> => look(config, gauge, some);
      await watch(lookAgain, (seen, width) => render(seen, config.queue, width), signal);
      return exitStatus(signal);
    }
    case 'wait': {
      const timeout = AbortSignal.timeout(Math.min(task.timeout, LONGEST_DELAY));
      const { status, last } = await wait(
        (id) => look(config, gauge, id === undefined ? one : { id }),
        AbortSignal.any([signal, timeout]),
        ({ message }) => warn(`${message}; waiting until it works`),
      );
      if (signal.aborted) return exitStatus(signal);
      if (last && last.imports.length > 0) await show(last, task.json);
      else warn(last ? noImport(name) : 'the time was over before the ledger was read');
      for (const line of last?.imports.flatMap(remediesOf) ?? []) warn(line);
      return status;
    }
    case 'missing': {
      const seen = await unlessStopped(signal, lookAt(one));
      if (!seen) return exitStatus(signal);
      const found = onlyOf(seen, name);
      await orFatal(config.database, () =>
        withClient(config.database, (client) =>
          printed((print) =>
            printMissing(client, config.database, found, (text) => print(text, '')),
          ),
        ),
      );
      if (found.lastRow !== null) return EXIT.done;
      warn(unended(found));
      return EXIT.failed;
    }
  }
}

/** What to do about an import of which rows are dead or missing. */
function remediesOf({ import: id, state, dead, pending }: Import): string[] {
  const remedies: string[] = [];
  if (dead > 0) remedies.push(`${dead} rows are dead: "consumer dead list" tells why`);
  if (state === 'incomplete') {
    const rows = pending === null ? 'rows' : `${pending} rows`;
    remedies.push(
      `${rows} are missing: "consumer status ${visible(id)} --missing" tells which, and what to do`,
    );
  }
  return remedies;
}

/** @throws FatalError where there is none. */
function onlyOf({ imports: [one] }: Look, name: string | undefined): Import {
  if (!one) throw new FatalError(noImport(name));
  return one;
}

function noImport(name: string | undefined): string {
  return name === undefined
    ? 'there is no import in the ledger yet'
    : `there is no import ${visible(name)} in the ledger: "consumer status" lists them`;
}
